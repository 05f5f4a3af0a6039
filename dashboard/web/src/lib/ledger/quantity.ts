// Quantities of the trade: up to twelve digits before the point and three behind it, summed without rounding.

const QUANTITY = /^(0|[1-9][0-9]{0,11})(\.[0-9]{1,3})?$/;

export const isQuantity = (text: string): boolean => QUANTITY.test(text);

export function thousandths(text: string): bigint {
  const [whole = "0", part = ""] = text.trim().split(".");
  return BigInt(whole) * 1000n + BigInt(part.padEnd(3, "0"));
}

export function quantityOf(count: bigint): string {
  const part = String(count % 1000n).padStart(3, "0").replace(/0+$/, "");
  return part === "" ? String(count / 1000n) : `${count / 1000n}.${part}`;
}
