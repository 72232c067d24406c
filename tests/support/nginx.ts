/**
 * nginx as a backend.
 *
 * @module
 */

import { RunningProgram } from "./programs.ts";
import { TempDir } from "./temp_dir.ts";

/** A running nginx. */
export interface Nginx extends AsyncDisposable {
  /** Lines of the log that `access_log LOG …` wrote in the given configuration. */
  readLog(least?: number): Promise<string[]>;
}

/**
 * Starts nginx with the given contents of the `http` block. In it, `CERT` and `KEY` stand for the files of the
 * certificate, `LOG` for the file that {@linkcode Nginx.readLog} reads.
 */
export async function startNginx(
  http: string,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<Nginx> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await TempDir.make());
  const files = {
    CERT: await dir.write("cert.pem", certificate?.cert ?? ""),
    KEY: await dir.write("key.pem", certificate?.key ?? ""),
    LOG: await dir.write("access.log", ""),
  };
  const inFolder = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${dir.path}/${name};`);
  const config = await dir.write(
    "nginx.conf",
    `daemon off;
    master_process off;
    pid ${dir.path}/nginx.pid;
    error_log stderr notice;
    events {}
    http {
      access_log off;
      ${inFolder.join("\n")}
      ${http.replace(/\b(CERT|KEY|LOG)\b/g, (name) => files[name as keyof typeof files])}
    }`,
  );
  const process = stack.use(
    RunningProgram.start("nginx", ["-p", dir.path, "-e", "stderr", "-c", config]),
  );
  await process.waitForLine(/event method/);
  const running = stack.move();
  return {
    readLog: async (least = 0) => {
      for (let attempt = 1;; attempt++) {
        const lines = (await Deno.readTextFile(files.LOG)).split("\n").filter(Boolean);
        // A line is written behind its answer; too few at last are for the test to see.
        if (lines.length >= least || attempt === 200) return lines;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
