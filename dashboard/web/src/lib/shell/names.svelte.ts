// The names of parties and people, for the ids that rows have. Asked for when the live line opens, and of what a phone kept where there is
// none; whom nobody names keeps the id.
import { api } from "../../api/client";
import type { Party, User } from "../../api/types";
import { nameOf } from "../i18n/index.svelte";

export class Names {
  #parties = $state.raw<ReadonlyMap<string, Party>>(new Map());
  #people = $state.raw<ReadonlyMap<string, User>>(new Map());

  async load(): Promise<void> {
    await Promise.all([
      api.parties().then((parties) => (this.#parties = new Map(parties.map((party) => [party.id, party])))),
      api.users().then((people) => (this.#people = new Map(people.map((person) => [person.id, person])))),
    ]);
  }

  get none(): boolean {
    return this.#parties.size === 0;
  }

  party(id: string): string {
    const party = this.#parties.get(id);
    return (party && nameOf(party)) || id;
  }

  person(id: string): string {
    return this.#people.get(id)?.name || id;
  }
}
