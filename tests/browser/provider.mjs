// An OpenID provider of the tests' own: people sign in there by pressing a button, and its tokens are signed with RS256.
import assert from "node:assert/strict";
import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";

export const CLIENT = "sealway";
export const SECRET = "client-s3cret";

/** `person`: whom it vouches for, as the value of `preferred_username`. */
export async function provider(person) {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const grants = new Map();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, self.issuer);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = (body) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return answer({
          issuer: self.issuer,
          authorization_endpoint: `${self.issuer}/authorize`,
          token_endpoint: `${self.issuer}/token`,
          jwks_uri: `${self.issuer}/jwks`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        });
      case "/jwks":
        return answer({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "RS256" }] });
      case "/authorize":
        return response.writeHead(200, { "content-type": "text/html" }).end(`<button onclick="location.href='${comeBack(url.searchParams)}'">I am ${self.person}</button>`);
      case "/token":
        return answer(token(request, new URLSearchParams(Buffer.concat(chunks).toString())));
      default:
        return response.writeHead(404).end();
    }
  });

  function comeBack(asked) {
    const code = randomBytes(16).toString("hex");
    grants.set(code, { challenge: asked.get("code_challenge"), nonce: asked.get("nonce"), redirect: asked.get("redirect_uri") });
    return `${asked.get("redirect_uri")}?code=${code}&state=${asked.get("state")}`;
  }

  function token(request, form) {
    const grant = grants.get(form.get("code"));
    grants.delete(form.get("code"));
    assert.equal(request.headers.authorization, `Basic ${Buffer.from(`${CLIENT}:${SECRET}`).toString("base64")}`);
    assert.equal(createHash("sha256").update(form.get("code_verifier")).digest("base64url"), grant.challenge);
    assert.equal(form.get("redirect_uri"), grant.redirect);
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: self.issuer, aud: CLIENT, sub: "7f3a", preferred_username: self.person, iat: now, exp: now + 60, nonce: grant.nonce };
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "RS256", kid: "k1", typ: "JWT" })}.${part(claims)}`;
    const signature = createSign("RSA-SHA256").update(text).sign(privateKey).toString("base64url");
    return { access_token: "a", token_type: "Bearer", expires_in: 60, id_token: `${text}.${signature}` };
  }

  const self = { person, issuer: "", stop: () => new Promise((stopped) => server.close(stopped)) };
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  self.issuer = `http://127.0.0.1:${server.address().port}`;
  return self;
}
