// Where a card stands: beside what it points at, never over it where there is room, never off the screen. Pure.

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const GAP = 12;
const EDGE = 8;

export function placeCard(target: Box, card: Pick<Box, "width" | "height">, view: Pick<Box, "width" | "height">): Pick<Box, "left" | "top"> {
  const middle = target.left + target.width / 2 - card.width / 2;
  const below = target.top + target.height + GAP;
  const above = target.top - GAP - card.height;
  const right = target.left + target.width + GAP;
  const left = target.left - GAP - card.width;
  if (below + card.height + EDGE <= view.height) return within({ left: middle, top: below }, card, view);
  if (above >= EDGE) return within({ left: middle, top: above }, card, view);
  if (right + card.width + EDGE <= view.width) return within({ left: right, top: target.top }, card, view);
  if (left >= EDGE) return within({ left, top: target.top }, card, view);
  // It fills the screen: the card stands on its lower edge.
  return within({ left: middle, top: view.height }, card, view);
}

function within(at: Pick<Box, "left" | "top">, card: Pick<Box, "width" | "height">, view: Pick<Box, "width" | "height">): Pick<Box, "left" | "top"> {
  const clamp = (value: number, most: number): number => Math.max(EDGE, Math.min(value, most - EDGE));
  return { left: clamp(at.left, view.width - card.width), top: clamp(at.top, view.height - card.height) };
}
