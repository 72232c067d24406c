import assert from "node:assert/strict";
import { dohResolver } from "../../../../src/control/https_record/doh_resolver.ts";
import { ResolverError } from "../../../../src/control/https_record/resolver.ts";
import { dnsMessage } from "../../../support/dns_builder.ts";

const MEDIA_TYPE = "application/dns-message";

/** Answers of a server, over HTTP in the clear, whose encryption is not what is looked at here. */
async function withServer(
  respond: (request: Request) => Response | Promise<Response>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, respond);
  try {
    await use(`http://127.0.0.1:${server.addr.port}/dns-query`);
  } finally {
    await server.shutdown();
  }
}

function answer(body: Uint8Array<ArrayBuffer> = dnsAnswer()): Response {
  return new Response(body, { headers: { "content-type": MEDIA_TYPE } });
}

function dnsAnswer(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(dnsMessage({ id: 0, flags: 0x8180, name: "wiki.test", type: 65 }));
}

Deno.test("dohResolver() asks with ID 0, by POST, at the URL of a template", async () => {
  const asked: unknown[] = [];
  await withServer(async (request) => {
    const { method, headers, url } = request;
    const query = await request.bytes();
    asked.push(method, headers.get("content-type"), headers.get("accept"));
    asked.push(new URL(url).pathname + new URL(url).search, query[0], query[1]);
    return answer();
  }, async (url) => {
    const resolver = dohResolver(`${url}{?dns}`);
    assert.equal((await resolver.query("wiki.test")).rcode, 0);
    assert.equal(resolver.label, url);
    assert.equal(resolver.isEncrypted, true);
  });
  assert.deepEqual(asked, ["POST", MEDIA_TYPE, MEDIA_TYPE, "/dns-query", 0, 0]);
});

Deno.test("dohResolver() says what is wrong with an answer", async () => {
  const cases: [() => Response, string | RegExp][] = [
    [() => new Response(null, { status: 404 }), "it answers with status 404"],
    [
      () => new Response("<html>", { headers: { "content-type": "text/html" } }),
      `it answers with text/html, not with ${MEDIA_TYPE}`,
    ],
    [() => answer(Uint8Array.of(1, 2)), "what it says is no answer to the query"],
    [() => answer(new Uint8Array(70_000)), "its answer is too long"],
  ];
  for (const [respond, reason] of cases) {
    await withServer(respond, async (url) => {
      await assert.rejects(dohResolver(url).query("wiki.test"), (error) => {
        assert(error instanceof ResolverError);
        assert.equal(error.message, `Cannot ask "${url}": ${reason}`);
        return true;
      });
    });
  }
});

Deno.test("dohResolver() does not take a name to where it is redirected", async () => {
  const asked: string[] = [];
  await withServer(({ url }) => {
    asked.push(new URL(url).pathname);
    return new Response(null, { status: 307, headers: { location: "/elsewhere" } });
  }, async (url) => {
    await assert.rejects(dohResolver(url).query("wiki.test"), ResolverError);
  });
  assert.deepEqual(asked, ["/dns-query"]);
});
