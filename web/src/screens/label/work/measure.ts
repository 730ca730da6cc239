/** How long a press of a key takes until the next item stands on the screen, for whoever looks. */
import { useEffect, useLayoutEffect, useRef } from "react";

export const MEASURE = "label.next";
const KEPT = 200; // [measures]

/** Measure from the press to the frame that shows another item. */
export function useMeasured(item: number | undefined): void {
  const pressed = useRef<number>(undefined);
  useEffect(() => {
    const onPress = (event: Event) => {
      pressed.current = event.timeStamp;
    };
    addEventListener("keydown", onPress, true);
    addEventListener("click", onPress, true);
    return () => {
      removeEventListener("keydown", onPress, true);
      removeEventListener("click", onPress, true);
    };
  }, []);
  useLayoutEffect(() => {
    const start = pressed.current;
    pressed.current = undefined;
    if (start === undefined || item === undefined) return;
    const frame = requestAnimationFrame(() => {
      if (performance.getEntriesByName(MEASURE).length >= KEPT) performance.clearMeasures(MEASURE);
      performance.measure(MEASURE, { start, end: performance.now() });
    });
    return () => cancelAnimationFrame(frame);
  }, [item]);
}
