// Filling in a declaration as a carrier does.
import { freeSeal } from "./declared.mjs";
import { open } from "./floor.mjs";

/** A form with what stays the same for every kind of cargo, under a seal that is free: customs wrote off what it closed. */
export async function beginDeclaration(page, { kind, unit, corridors, seal }) {
  seal ??= await freeSeal(page, "silk-road-rail");
  await open(page, "/declare");
  await page.getByTestId(`kind-${kind}`).click();
  await page.getByTestId("unit").fill(unit);
  await page.getByTestId("seal").selectOption(seal);
  await page.getByTestId("corridor").selectOption(corridors[0]);
  for (const [i, corridor] of corridors.slice(1).entries()) {
    await page.getByTestId("add-leg").click();
    await page.getByTestId(`corridor-${i + 2}`).selectOption(corridor);
  }
  return seal;
}

export async function fillGoods(line, given) {
  const whole = { goods: "G-1", hs: "85423190", "name-zh": "芯片", "name-en": "Chip", quantity: "10", measure: "PCE", weight: "20.5", ...given };
  const { status, ...fields } = whole;
  for (const [field, value] of Object.entries(fields)) await line.getByTestId(field).fill(value);
  if (status) await line.getByTestId("status").selectOption(status);
}

/** Sends the form, and reads the transfer and its cargo back. */
export async function declared(page) {
  await page.getByTestId("declare").click();
  const link = page.getByTestId("declared");
  await link.waitFor();
  const id = (await link.innerText()).trim();
  return page.evaluate(async (transfer) => {
    const told = await (await fetch(`/api/v1/transfers/${transfer}`)).json();
    const { items } = await (await fetch(`/api/v1/records/cargo?transfer=${transfer}`)).json();
    return { transfer: told, cargo: items[0].body };
  }, id);
}
