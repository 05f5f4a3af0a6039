// Measured values of an alert as people read them; the unit is in the name. Pure.
import { formatAge, formatCount } from "../i18n/format";
import { fill, isKey, type Language } from "../i18n/fill";

export interface Measured {
  name: string;
  value: string;
}

export function measuredOf(language: Language, tag: string, facts: Readonly<Record<string, number>>): Measured[] {
  return Object.entries(facts).map(([name, value]) => {
    const key = `fact.${name}`;
    return { name: isKey(key) ? fill(language, key) : name, value: shown(language, tag, name, value) };
  });
}

function shown(language: Language, tag: string, name: string, value: number): string {
  const rounded = (digits: number): string => value.toLocaleString(tag, { maximumFractionDigits: digits });
  if (name.endsWith("_m_s")) return `${(value * 3.6).toLocaleString(tag, { maximumFractionDigits: 0 })} km/h`;
  if (name.endsWith("_km")) return `${rounded(1)} km`;
  if (name.endsWith("_m")) return `${rounded(0)} m`;
  if (name.endsWith("_percent")) return `${rounded(0)} %`;
  if (name.endsWith("_s")) return formatAge(language, value * 1000);
  if (name.endsWith("_ctr")) return `#${formatCount(tag, value).replace(/\D/g, "")}`;
  return rounded(2);
}
