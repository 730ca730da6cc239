/** Label: the sets and how far they are, or one set with everything done in it. */
import { useOpen } from "@/app/url";
import { OneSet } from "@/screens/label/OneSet";
import { Sets } from "@/screens/label/sets/Sets";

export default function Screen() {
  const name = useOpen();
  return name ? <OneSet key={name} name={name} /> : <Sets />;
}
