/**
 * A name server on loopback that answers A and AAAA queries as a test wants (RFC 1035 §4).
 *
 * @module
 */

/** What to answer; `silent` answers nothing. */
export type DnsReply =
  | {
    readonly kind: "records";
    readonly ttl: number;
    /** Address bytes, 4 or 16 each. */
    readonly addresses: readonly (readonly number[])[];
  }
  | { readonly kind: "error"; readonly rcode: number }
  | { readonly kind: "silent" };

/** Response codes (RFC 1035 §4.1.1). */
export const SERVFAIL = 2;
export const NXDOMAIN = 3;
export const REFUSED = 5;

/** A running name server. */
export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port`, as `Resolver.setServers` takes it. */
  readonly address: string;
  /** Names and record types asked for, such as `backend.test A`. */
  readonly queries: readonly string[];
}

/** Starts a name server, on any free port unless one is given. */
export function startDnsServer(
  answer: (name: string, type: "A" | "AAAA") => DnsReply,
  port = 0,
): DnsServer {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port });
  const queries: string[] = [];
  const serving = (async () => {
    for await (const [query, peer] of socket) {
      const question = readQuestion(query);
      queries.push(`${question.name} ${question.type}`);
      const reply = answer(question.name, question.type);
      if (reply.kind !== "silent") await socket.send(encodeReply(query, question, reply), peer);
    }
  })();
  const bound = socket.addr as Deno.NetAddr;
  return {
    address: `127.0.0.1:${bound.port}`,
    queries,
    async [Symbol.asyncDispose]() {
      socket.close();
      await serving;
    },
  };
}

interface Question {
  readonly name: string;
  readonly type: "A" | "AAAA";
  /** Offset behind the question section. */
  readonly end: number;
}

const HEADER_LENGTH = 12;
const TYPE_A = 1;
const TYPE_AAAA = 28;

function readQuestion(query: Uint8Array): Question {
  const labels: string[] = [];
  let offset = HEADER_LENGTH;
  for (let length = query[offset] ?? 0; length > 0; length = query[offset] ?? 0) {
    labels.push(new TextDecoder().decode(query.subarray(offset + 1, offset + 1 + length)));
    offset += 1 + length;
  }
  const type = query[offset + 2] === TYPE_AAAA ? "AAAA" : "A";
  return { name: labels.join("."), type, end: offset + 5 };
}

function encodeReply(
  query: Uint8Array,
  { type, end }: Question,
  reply: Exclude<DnsReply, { kind: "silent" }>,
): Uint8Array {
  const addresses = reply.kind === "records" ? reply.addresses : [];
  const bytes = [...query.subarray(0, end)];
  // A response that is authoritative and recurses, then one question and the answers.
  bytes.splice(2, 10, 0x85, 0x80 | (reply.kind === "error" ? reply.rcode : 0));
  bytes.splice(4, 0, 0, 1, 0, addresses.length, 0, 0, 0, 0);
  for (const address of addresses) {
    // The name is a pointer to that of the question; class IN.
    bytes.push(0xc0, HEADER_LENGTH, 0, type === "A" ? TYPE_A : TYPE_AAAA, 0, 1);
    const ttl = reply.kind === "records" ? reply.ttl : 0;
    bytes.push(ttl >>> 24, (ttl >>> 16) & 0xff, (ttl >>> 8) & 0xff, ttl & 0xff);
    bytes.push(0, address.length, ...address);
  }
  return Uint8Array.from(bytes);
}
