// Signing in, and the person's own account.
import { post, read, request, ROOT } from "./client";
import type { Account, AccountLink, FactorKey, RecoveryCodes, SignInWays } from "./types";

const part = encodeURIComponent;

async function send(method: string, path: string, body?: unknown): Promise<void> {
  await request(ROOT + path, body === undefined ? { method } : { method, body: JSON.stringify(body) });
}

export const accountApi = {
  ways: (): Promise<SignInWays> => read("/session/ways"),
  /** Visited, not asked: the browser goes on to the provider from there. */
  providerPath: `${ROOT}/session/oidc/start`,
  signInByToken: (token: string): Promise<void> => send("POST", "/session", { token }),
  /** `code` where the account has a second factor; the API asks for it by `code-required`. */
  signInByPassword: (user: string, password: string, code: string | null): Promise<void> =>
    send("POST", "/session/password", { user, password, ...(code === null ? {} : { code }) }),
  setPassword: (user: string, link: string, password: string): Promise<void> => send("POST", "/session/account-link", { user, link, password }),
  signOut: (): Promise<void> => send("DELETE", "/session"),
  account: (): Promise<Account> => read("/account"),
  changePassword: (current: string, next: string): Promise<void> => send("POST", "/account/password", { current, new: next }),
  signOutEverywhere: (): Promise<void> => send("DELETE", "/account/sessions"),
  beginFactor: (password: string): Promise<FactorKey> => post("/account/second-factor", { password }),
  confirmFactor: (code: string): Promise<RecoveryCodes> => post("/account/second-factor/confirm", { code }),
  removeFactor: (password: string, code: string): Promise<void> => send("POST", "/account/second-factor/remove", { password, code }),
  renewRecovery: (password: string): Promise<RecoveryCodes> => post("/account/recovery-codes", { password }),
  makeLink: (user: string, resetSecondFactor: boolean): Promise<AccountLink> =>
    post(`/users/${part(user)}/account-link`, { reset_second_factor: resetSecondFactor }),
};
