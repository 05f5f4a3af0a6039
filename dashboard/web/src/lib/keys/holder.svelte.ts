// Who can sign in this browser: set once the person's key was found here and is enrolled.
import type { SigningPerson } from "./signing";

let person = $state.raw<SigningPerson | null>(null);

export const signer = {
  get person(): SigningPerson | null {
    return person;
  },
  set person(next: SigningPerson | null) {
    person = next;
  },
};
