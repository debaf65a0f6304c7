/** The content of the pages. The service provides it. */

import type { UnusedKey } from '../../issuer/keys/unused-keys.ts';
import type { ExplainRequest, Explanation } from '../../model/explanation.ts';
import type { RecordedDenial } from '../../model/recorded-denial.ts';
import type { RecentChecks } from '../../observe/recent-checks.ts';

/** The source of everything that the console shows. */
export interface ConsoleContent {
  readonly state: () => ConsoleState;
  readonly issuers: () => readonly IssuerView[];
  /** Fetches the keys of an issuer now, at most once per `keys.minRefreshInterval`. */
  readonly fetchNow: (issuer: string) => FetchResult;
  readonly checks: () => Promise<RecentChecks>;
  /** The rules of the configuration, in its order. */
  readonly rules: () => readonly RuleView[];
  /** The recorded denials that match a filter, newest first. */
  readonly denials: (filter: DenialFilter) => Promise<readonly RecordedDenial[]>;
  /** A recorded denial; undefined if it is not in memory. */
  readonly denial: (id: string) => Promise<RecordedDenial | undefined>;
  /** Checks a request and returns the steps. The service stores neither the request nor the answer. */
  readonly explain: (request: ExplainRequest) => Promise<Explanation | Problem>;
}

/** The state of the service. Times are in milliseconds since the epoch. */
export interface ConsoleState {
  readonly version: string;
  readonly node: string;
  readonly since: number;
  readonly isReady: boolean;
  readonly isDraining: boolean;
  readonly configuration: { readonly hash: string; readonly loadedAt: number };
  readonly problems: readonly {
    readonly what: string;
    readonly files: readonly string[];
    readonly problem: string;
    readonly since: number;
  }[];
  readonly workers: { readonly running: number; readonly wanted: number };
  readonly isShadow: boolean;
  /** The incumbent, which decides; undefined without one. */
  readonly incumbent: string | undefined;
  readonly listeners: readonly {
    readonly name: string;
    readonly address: string;
    readonly security: 'plain text' | 'TLS' | 'TLS with client certificates';
  }[];
  readonly certificates: readonly CertificateView[];
}

/** A certificate in a configured file. */
export interface CertificateView {
  /** Its purpose, such as `http listener`. */
  readonly use: string;
  readonly file: string;
  /** When it expires, in milliseconds since the epoch; undefined if the file cannot be read. */
  readonly expires: number | undefined;
  /** Why the file cannot be read. */
  readonly problem?: string;
}

/** An issuer with its keys. */
export interface IssuerView {
  readonly name: string;
  readonly issuer: string;
  readonly state: 'waiting' | 'ready' | 'stale' | 'unavailable';
  readonly keys: readonly {
    readonly id: string | undefined;
    readonly algorithms: readonly string[];
    /** When it was first in the key set, in milliseconds since the epoch. */
    readonly since: number;
  }[];
  readonly unused: readonly UnusedKey[];
  /** Milliseconds since the keys were last loaded. */
  readonly age: number | undefined;
  /** Milliseconds until the next fetch; undefined while one runs. */
  readonly nextFetch: number | undefined;
  readonly problem: string | undefined;
  readonly problemSince: number | undefined;
}

/** The result of a requested fetch. */
export type FetchResult = 'started' | 'too early' | 'unknown issuer';

/** A rule of the configuration. */
export interface RuleView {
  readonly name: string;
  /** The policy that contains it; undefined for the rules of the top level. */
  readonly policy: string | undefined;
  readonly isShadow: boolean;
}

/** Which denials to show. Empty texts match everything. */
export interface DenialFilter {
  readonly reason: string;
  readonly host: string;
  readonly rule: string;
}

/** Why a request cannot be explained. It has no value of the request. */
export interface Problem {
  readonly problem: string;
}
