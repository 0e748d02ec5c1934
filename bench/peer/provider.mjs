// The peer of the sign-in benchmark: panva's oidc-provider, a certified OpenID Provider, with its own memory store, and an
// interaction that signs the same resident in at once. One JSON line on standard input: port, clients (as its metadata
// wants them); it says `{"event":"ready"}` when it listens.
import { createInterface } from "node:readline";
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const line = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", resolve));
const { port, clients } = JSON.parse(line);
const key = (alg, type, options) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg });

const issuer = `http://localhost:${port}`;
const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [key("ES256", "ec", { namedCurve: "P-256" }), key("RS256", "rsa", { modulusLength: 2048 })] },
    cookies: { keys: ["a key of a benchmark"] },
    // As ours: the code flow with PKCE S256 alone, pairwise subjects, codes of 60 s used once, `iss` in answers.
    responseTypes: ["code"],
    scopes: ["openid"],
    subjectTypes: ["pairwise"],
    pairwiseIdentifier: async (ctx, accountId, client) => `${client.clientId}-${accountId}`,
    pkce: { required: () => true },
    ttl: { AuthorizationCode: 60, AccessToken: 300, IdToken: 300, Session: 900, Grant: 900, Interaction: 600 },
    acrValues: ["urn:madoguchi:acr:card-pin"],
    claims: { openid: ["sub"], acr: null, amr: null, auth_time: null, iss: null, sid: null },
    clientAuthMethods: ["client_secret_basic", "private_key_jwt"],
    features: {
        devInteractions: { enabled: false },
        pushedAuthorizationRequests: { enabled: true },
        dPoP: { enabled: true },
        userinfo: { enabled: true },
    },
    enabledJWA: { clientAuthSigningAlgValues: ["ES256"], idTokenSigningAlgValues: ["ES256", "RS256"], dPoPSigningAlgValues: ["ES256"] },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: async (ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    // Nobody is asked for consent: our services are the municipality's own.
    loadExistingGrant: async (ctx) => {
        const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope("openid");
        await grant.save();
        return grant;
    },
});

let residents = 0;
const answer = provider.callback();
const { createServer } = await import("node:http");
createServer(async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    // Each sign-in is another resident's.
    residents += 1;
    const login = { accountId: `resident-${residents}`, acr: "urn:madoguchi:acr:card-pin", amr: ["sc", "pin", "mfa"] };
    await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}).listen(port, "127.0.0.1", () => console.log(JSON.stringify({ event: "ready" })));
