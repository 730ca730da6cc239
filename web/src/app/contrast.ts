/** Contrast as WCAG 2 measures it. */
const ENOUGH = 4.8; // a little above the 4.5 that WCAG AA asks for
const STEP = 0.95;

function channels(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one: readonly number[], other: readonly number[]): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

export function contrast(one: string, other: string): number {
  return ratio(channels(one), channels(other));
}

/** Return an ink, made darker until it is easily read on a light ground; both as #rrggbb. */
export function readable(ink: string, ground: string): string {
  let found = channels(ink);
  const below = channels(ground);
  while (ratio(found, below) < ENOUGH && found.some((value) => value > 0)) found = found.map((value) => Math.floor(value * STEP));
  return `#${found.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
