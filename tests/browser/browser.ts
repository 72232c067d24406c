/**
 * What tests ask of any browser.
 *
 * @module
 */

/** A browser with a new profile for each visit. */
export interface Browser {
  /** As tests are named. */
  readonly name: string;
  /** What it needs of the machine, as `needs()` takes it. */
  readonly needs: readonly string[];
  /** Visits a page and returns what the document then holds. */
  visit(url: string, setting: BrowserSetting): Promise<string>;
}

/** What the person at the browser has set. */
export interface BrowserSetting {
  /** DNS over HTTPS is on, with this server and no other. */
  readonly dohUrl: string;
  /** Path of the certificate of an authority that is trusted, in PEM. */
  readonly authorityPath: string;
  /** Speak HTTP/3 at once with this `host:port`, and nothing else. */
  readonly onlyHttp3?: string;
}

/** How long a visit may take, starting the browser included: loss costs some seconds, a busy machine more. */
export const VISIT_TIMEOUT_MS = 40_000;
