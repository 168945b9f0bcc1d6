// Keeps the turn that it stands in in sight while the turn grows, until the visitor does
// anything. A turn that is taller than the page is shown from its beginning.
const DEEDS = ["pointerdown", "wheel", "touchmove", "keydown"];

export default function ({ parentElement }) {
  const turn = parentElement.closest("[class*=st-key-turn-]");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const behavior = calm ? "instant" : "smooth";
  const growth = new ResizeObserver(() => turn.scrollIntoView({ block: "nearest", behavior }));
  const end = () => {
    growth.disconnect();
    DEEDS.forEach((deed) => removeEventListener(deed, end, true));
  };
  growth.observe(turn);
  DEEDS.forEach((deed) => addEventListener(deed, end, { capture: true, passive: true }));
  return end;
}
