// A line of the timeline in words, on the screen and on paper. The words are an argument, so that both sides share it.
import type { Time } from "../../api/types";
import type { Language, Values } from "../i18n/fill";
import { formatAge, formatInstant } from "../i18n/format";
import type { Key } from "../i18n/zh";
import { againstPlan, type TimelineLine } from "./timeline";

export interface Words {
  language: Language;
  tag: string;
  say: (key: Key, values?: Values) => string;
}

export function stepWords({ arrow, leg }: TimelineLine, placeName: (id: string) => string, { say }: Words): string {
  return arrow === "end-leg" ? say("timeline.leg", { n: leg?.number ?? 0, place: placeName(leg?.to ?? "") }) : say(`arrow.${arrow}`);
}

/** Until when, and by what rule; or that nothing plans it. */
export function plannedWords({ plan }: TimelineLine, { language, tag, say }: Words): string {
  if (plan === null) return say("timeline.unplanned");
  const rule = say(`plan.${plan.rule}`);
  if (plan.by !== null) return say("timeline.by", { at: formatInstant(tag, plan.by), rule });
  return plan.within === null ? rule : say(`timeline.within.${plan.from}`, { age: formatAge(language, plan.within), rule });
}

/** By how much it was early or late, or is late by now. */
export function differenceWords(line: TimelineLine, now: Time, { language, say }: Words): { late: boolean; words: string } | null {
  const over = againstPlan(line, now);
  if (over === null) return null;
  const age = formatAge(language, Math.abs(over));
  if (line.at === null) return { late: true, words: say("timeline.overdue", { age }) };
  return over > 0 ? { late: true, words: say("timeline.late", { age }) } : { late: false, words: say("timeline.early", { age }) };
}
