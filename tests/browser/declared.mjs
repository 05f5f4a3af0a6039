// A transfer of a test's own, declared by its carrier through the API: what is on its papers is known.
import { randomInt } from "node:crypto";
import { command, PATIENCE_MS, until } from "./floor.mjs";

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** The digit of ISO 6346: letters count from 10 without the multiples of 11. */
function checkDigit(body) {
  const valueOf = (sign) => (/\d/.test(sign) ? Number(sign) : ((place) => place + Math.floor((place - 1) / 10))(SIGNS.indexOf(sign)));
  return ([...body].reduce((sum, sign, at) => sum + valueOf(sign) * 2 ** at, 0) % 11) % 10;
}

export function freshReference() {
  const body = `${String(new Date().getUTCFullYear() % 100)}CN${Array.from({ length: 13 }, () => SIGNS[randomInt(36)]).join("")}`;
  return `${body}${checkDigit(body)}`;
}

/** A container of a number that no test and no demo uses. */
export function freshContainer() {
  const body = `SWTU${String(randomInt(1_000_000)).padStart(6, "0")}`;
  return `${body}${checkDigit(body)}`;
}

export const goodsLine = (given = {}) => ({ goods: "G-1", hs: "85423190", unit: "PCE", status: "bonded", quantity: "10", weight_kg: "20.5", ...given });

/** Goods as a consignment has them. */
export const described = (goods, zh = "芯片", en = "Chip") => ({ goods, description_zh: zh, description_en: en });

/** A seal of the carrier that is on no unit. */
export function freeSeal(page, owner) {
  return until(
    page,
    async (owner) => (await (await fetch("/api/v1/devices?limit=500")).json()).items.find((row) => row.owner === owner && row.transfer == null)?.id,
    owner,
    { timeout: 4 * PATIENCE_MS },
  );
}

/** Drafts one as the page's carrier, and gives its reference. Any seal of the carrier will do: a draft binds none. */
export async function drafted(page, { carrier, consignments, unit = freshContainer(), seal }) {
  const transfer = freshReference();
  seal ??= await page.evaluate(async (owner) => (await (await fetch("/api/v1/devices?limit=500")).json()).items.find((row) => row.owner === owner).id, carrier);
  const way = { origin: "port-tianjin", destination: "port-qingdao", corridor: "sea-tianjin-qingdao", legs: [{ mode: "sea", corridor: "sea-tianjin-qingdao" }] };
  await command(page, { type: "draft-transfer", transfer, carrier, unit, seal, ...way, consignments });
  await until(page, async (id) => (await fetch(`/api/v1/transfers/${id}`)).ok, transfer);
  return transfer;
}
