import assert from "node:assert/strict";
import { plainResolver } from "../../../../src/control/https_record/plain_resolver.ts";
import { firstThatAnswers, ResolverError } from "../../../../src/control/https_record/resolver.ts";
import { dnsMessage } from "../../../support/dns_builder.ts";
import {
  type Answer,
  startHttpsNameServer,
  TRUNCATED,
} from "../../../support/https_name_server.ts";
import {
  encodeServiceBinding,
  httpsRecord,
  PLAIN_BINDING,
} from "../../../support/https_record_builder.ts";

const RECORD = httpsRecord("wiki.test", encodeServiceBinding(PLAIN_BINDING));

/** Milliseconds: no test waits for an answer that is to come. */
const SHORT = 50;

Deno.test("plainResolver() asks over UDP", async () => {
  await using server = startHttpsNameServer(() => ({ answers: [RECORD] }));
  const resolver = plainResolver(server.address);
  const { answers, isAuthoritative } = await resolver.query("wiki.test");
  assert.deepEqual(answers, [
    { kind: "https", owner: "wiki.test", ttl: 300, binding: PLAIN_BINDING },
  ]);
  assert.equal(isAuthoritative, true);
  assert.deepEqual(server.queries, ["udp wiki.test"]);
  assert.equal(resolver.label, `127.0.0.1:${server.address.port}`);
  assert.equal(resolver.isEncrypted, false);
});

Deno.test("plainResolver() asks over TCP when the answer does not fit a datagram", async () => {
  const answers = Array.from({ length: 200 }, () => RECORD);
  await using server = startHttpsNameServer((_, transport) =>
    transport === "udp" ? { flags: TRUNCATED } : { answers }
  );
  const response = await plainResolver(server.address).query("wiki.test");
  assert.equal(response.answers.length, 200);
  assert.deepEqual(server.queries, ["udp wiki.test", "tcp wiki.test"]);
});

Deno.test("plainResolver() asks once more, and then gives up", async () => {
  await using server = startHttpsNameServer(() => null);
  const label = `127.0.0.1:${server.address.port}`;
  await assert.rejects(
    plainResolver(server.address, SHORT).query("wiki.test"),
    new ResolverError(label, "timed out"),
  );
  assert.deepEqual(server.queries, ["udp wiki.test", "udp wiki.test"]);
});

Deno.test("plainResolver() takes the answer to the second datagram when the first is lost", async () => {
  let isFirst = true;
  await using server = startHttpsNameServer(() => {
    const isLost = isFirst;
    isFirst = false;
    return isLost ? null : {};
  });
  const { answers } = await plainResolver(server.address, 500).query("wiki.test");
  assert.deepEqual(answers, []);
});

Deno.test("plainResolver() passes over what is no answer to its query, and what others send", async () => {
  const listen = () => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const [server, other] = [listen(), listen()];
  const { port } = server.addr as Deno.NetAddr;
  const querying = plainResolver({ host: "127.0.0.1", port }).query("wiki.test");
  const [query, peer] = await server.receive();
  const id = (query[0] ?? 0) << 8 | (query[1] ?? 0);
  const good = { id, flags: 0x8180, name: "wiki.test", type: 65 };
  await server.send(Uint8Array.of(1, 2, 3), peer);
  await server.send(dnsMessage({ ...good, id: id ^ 1 }), peer);
  await server.send(dnsMessage({ ...good, name: "other.test" }), peer);
  await other.send(dnsMessage({ ...good, flags: 0x8183 }), peer);
  await server.send(dnsMessage({ ...good, answers: [RECORD] }), peer);
  assert.equal((await querying).answers.length, 1);
  server.close();
  other.close();
});

Deno.test("plainResolver() says what is wrong with an answer over TCP", async () => {
  const cases: [Answer, string][] = [
    [{ flags: 0 }, "what it says is no answer to the query"],
    [null, "it closed the connection before its answer was whole"],
  ];
  for (const [said, reason] of cases) {
    await using server = startHttpsNameServer((_, transport) =>
      transport === "udp" ? { flags: TRUNCATED } : said
    );
    await assert.rejects(
      plainResolver(server.address).query("wiki.test"),
      new ResolverError(`127.0.0.1:${server.address.port}`, reason),
    );
  }
});

Deno.test("firstThatAnswers() asks the next one where one does not answer", async () => {
  await using silent = startHttpsNameServer(() => null);
  await using speaking = startHttpsNameServer(() => ({ answers: [RECORD] }));
  await using unasked = startHttpsNameServer(() => ({}));
  const servers = [silent, speaking, unasked];
  const resolver = firstThatAnswers(servers.map(({ address }) => plainResolver(address, SHORT)));
  assert.equal((await resolver.query("wiki.test")).answers.length, 1);
  assert.deepEqual(unasked.queries, []);
  const all = firstThatAnswers([plainResolver(silent.address, SHORT)]);
  await assert.rejects(all.query("wiki.test"), ResolverError);
});
