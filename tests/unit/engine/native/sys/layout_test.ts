/** Has C compilers check the tables against the headers of their C library, without running anything. */

import assert from "node:assert/strict";
import * as errno from "../../../../../src/engine/native/sys/errno.ts";
import * as layout from "../../../../../src/engine/native/sys/layout.ts";
import { needs } from "../../../../support/needs.ts";
import { run } from "../../../../support/programs.ts";

const HEADERS = [
  "errno.h",
  "fcntl.h",
  "netinet/in.h",
  "netinet/tcp.h",
  "netinet/udp.h",
  "signal.h",
  "stddef.h",
  "sys/epoll.h",
  "sys/eventfd.h",
  "sys/resource.h",
  "sys/socket.h",
  "sys/uio.h",
];

/** What C calls the fields of a table. */
interface Structure {
  readonly table: Readonly<Record<string, number>>;
  readonly fields: Readonly<Record<string, string>>;
}

const STRUCTURES: Readonly<Record<string, Structure>> = {
  "sockaddr_in": {
    table: layout.SOCKADDR_IN,
    fields: { family: "sin_family", port: "sin_port", address: "sin_addr" },
  },
  "sockaddr_in6": {
    table: layout.SOCKADDR_IN6,
    fields: {
      family: "sin6_family",
      port: "sin6_port",
      flowInfo: "sin6_flowinfo",
      address: "sin6_addr",
      scopeId: "sin6_scope_id",
    },
  },
  iovec: { table: layout.IOVEC, fields: { base: "iov_base", length: "iov_len" } },
  msghdr: {
    table: layout.MSGHDR,
    fields: {
      name: "msg_name",
      nameLength: "msg_namelen",
      iov: "msg_iov",
      iovLength: "msg_iovlen",
      control: "msg_control",
      controlLength: "msg_controllen",
      flags: "msg_flags",
    },
  },
  mmsghdr: { table: layout.MMSGHDR, fields: { header: "msg_hdr", length: "msg_len" } },
  cmsghdr: {
    table: layout.CMSGHDR,
    fields: { length: "cmsg_len", level: "cmsg_level", type: "cmsg_type" },
  },
  "in_pktinfo": {
    table: layout.IN_PKTINFO,
    fields: { interfaceIndex: "ipi_ifindex", local: "ipi_spec_dst", destination: "ipi_addr" },
  },
  "in6_pktinfo": {
    table: layout.IN6_PKTINFO,
    fields: { address: "ipi6_addr", interfaceIndex: "ipi6_ifindex" },
  },
  linger: { table: layout.LINGER, fields: { onOff: "l_onoff", seconds: "l_linger" } },
  rlimit: { table: layout.RLIMIT, fields: { current: "rlim_cur", maximum: "rlim_max" } },
};

/** Numbers that are no macro of their name. */
const OTHERS: Readonly<Record<string, number>> = {
  "sizeof(struct sockaddr_storage)": layout.SOCKADDR_STORAGE_SIZE,
  "sizeof(sigset_t)": layout.SIGSET_SIZE,
  "sizeof(size_t)": 8,
  "sizeof(void *)": 8,
  "CMSG_ALIGN(1)": layout.CMSGHDR.alignment,
  "CMSG_LEN(0)": layout.CMSGHDR.data,
};

const COMPILERS = [
  { compiler: "gcc", arch: Deno.build.arch },
  { compiler: "musl-gcc", arch: Deno.build.arch },
  { compiler: "aarch64-linux-gnu-gcc", arch: "aarch64" },
  { compiler: "x86_64-linux-gnu-gcc", arch: "x86_64" },
];

for (const { compiler, arch } of COMPILERS) {
  needs("Linux", compiler)(`the layout of ${arch} is that of ${compiler}'s headers`, async () => {
    const facts = [...constants(), ...structures(arch)];
    assert.deepEqual(await wrongFacts(compiler, facts), []);
    const lies = [["EPOLLIN", 2], ["sizeof(struct iovec)", 8]] as const;
    assert.deepEqual(await wrongFacts(compiler, lies), ["EPOLLIN", "sizeof(struct iovec)"]);
  });
}

Deno.test("layoutFor() knows no other processor", () => {
  assert.equal(layout.layoutFor("riscv64"), null);
});

type Fact = readonly [expression: string, value: number];

function* constants(): Generator<Fact> {
  const own = ["SOCKADDR_STORAGE_SIZE", "SIGSET_SIZE"];
  for (const [name, value] of Object.entries({ ...layout, ...errno })) {
    if (typeof value === "number" && !own.includes(name)) yield [name, value];
  }
  yield* Object.entries(OTHERS);
}

function* structures(arch: string): Generator<Fact> {
  const { epollEvent } = layout.layoutFor(arch) ?? assert.fail(`no layout for ${arch}`);
  const epoll = { table: epollEvent, fields: { events: "events", data: "data" } };
  for (const [name, { table, fields }] of Object.entries({ ...STRUCTURES, "epoll_event": epoll })) {
    yield [`sizeof(struct ${name})`, table.size ?? -1];
    for (const [field, member] of Object.entries(fields)) {
      yield [`offsetof(struct ${name}, ${member})`, table[field as keyof typeof table] ?? -1];
    }
  }
}

/** The expressions that do not have the value that is said of them, in order. */
async function wrongFacts(compiler: string, facts: readonly Fact[]): Promise<string[]> {
  const source = [
    "#define _GNU_SOURCE",
    ...HEADERS.map((header) => `#include <${header}>`),
    "#ifndef CMSG_ALIGN",
    "#define CMSG_ALIGN(length) (((length) + sizeof(size_t) - 1) & ~(sizeof(size_t) - 1))",
    "#endif",
    // As int, in which EPOLLET is negative.
    ...facts.map(([expression, value], index) =>
      `_Static_assert((int)(${expression}) == ${value}, "fact ${index}.");`
    ),
  ].join("\n");
  const { code, stderr } = await run(compiler, ["-fsyntax-only", "-x", "c", "-"], {
    stdin: source,
  });
  const wrong = [...stderr.matchAll(/"fact (\d+)\."/g)].map(([, index]) =>
    facts[Number(index)]?.[0] ?? ""
  );
  assert.equal(code === 0, wrong.length === 0, stderr);
  return [...new Set(wrong)];
}
