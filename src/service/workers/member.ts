/** A worker as the pool has it: what it was told, what it has counted, and when it was last heard. */
import type { RegisteredIssuer } from '../../issuer/registry.ts';
import type { Report } from '../../observe/worker-metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { onceAtATime } from '../../runtime/time/single-flight.ts';
import type { Listener } from '../../transport/shared/listener.ts';
import type { ReportRejected } from '../../transport/shared/rejections.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import type { Connection, ForkWorker, FromWorker, StateMessage, ToWorker } from './protocol.ts';

/** A worker from its start to its end. */
export interface Member {
  readonly pid: number | undefined;
  /** When it was started, in milliseconds of the monotonic clock. */
  readonly startedAt: number;
  /** Whether it listens, or did until it ended. */
  readonly isListening: () => boolean;
  /** How long it has left a question unanswered, or while it starts, said nothing; in milliseconds. */
  readonly silence: () => number;
  readonly isOutdated: Mailbox['isOutdated'];
  readonly hand: (connection: Connection) => void;
  readonly send: (message: ToWorker) => void;
  /** Asks what it has counted; resolves when it says so or has ended. One question is under way at most. */
  readonly report: () => Promise<void>;
  /** What it said last that it had counted. */
  readonly counted: () => Report;
  readonly kill: () => void;
}

/** What a member needs. */
export interface MemberDependencies {
  readonly forkWorker: ForkWorker;
  readonly clock: Clock;
  readonly issuers: () => readonly RegisteredIssuer[];
  /** Makes a message of what is so now. */
  readonly state: (kind: StateMessage['kind']) => StateMessage;
  readonly onListening: (member: Member) => void;
  /** It cannot begin to listen, and says why. */
  readonly onFailed: (member: Member, problem: string) => void;
  /** It has taken the connection that it was handed. */
  readonly onAccepted: (member: Member) => void;
  readonly onExit: (member: Member, how: number | string) => void;
  readonly tellRejected: ReportRejected;
  readonly certificateReloaded: (listener: Listener['name'], problem: string | undefined) => void;
}

/** Starts a worker. */
export function startMember(dependencies: MemberDependencies): Member {
  const { forkWorker, clock, issuers, state, onListening, onFailed, onAccepted, onExit } = dependencies;
  const worker = forkWorker();
  const startedAt = clock.monotonic();
  const mailbox = createMailbox(state, worker.send);
  let heardAt = startedAt;
  let isListening = false;
  let hasEnded = false;
  let counted: Report = [];
  let askedAt: number | undefined;
  let onReport = () => {};

  const fetchFor = async (message: FromWorker & { kind: 'fetch' }) => {
    const owner = issuers().find(({ identity }) => identity === message.identity)?.issuer;
    const fetching = owner?.fetchForUnknownKey(message.keyId);
    await fetching;
    return fetching !== undefined;
  };
  const answerFetch = async (message: FromWorker & { kind: 'fetch' }) => {
    // Whatever becomes of the fetch, the worker's check waits for an answer.
    const wasDue = await fetchFor(message).catch(() => false);
    mailbox.fetched({ kind: 'fetched', request: message.request, wasDue });
  };

  const member: Member = {
    pid: worker.pid,
    startedAt,
    isListening: () => isListening,
    silence: () => {
      const since = isListening ? askedAt : startedAt;
      return since === undefined ? 0 : clock.monotonic() - Math.max(since, heardAt);
    },
    isOutdated: mailbox.isOutdated,
    hand: ({ listener, socket }) => worker.send({ kind: 'connection', listener }, socket),
    send: (message) => worker.send(message),
    report: onceAtATime(
      () =>
        new Promise<void>((resolve) => {
          if (hasEnded) return resolve();
          onReport = resolve;
          askedAt = clock.monotonic();
          worker.send({ kind: 'report' });
        }),
    ),
    counted: () => counted,
    kill: worker.kill,
  };
  worker.onMessage((message) => {
    if (hasEnded) return undefined;
    heardAt = clock.monotonic();
    switch (message.kind) {
      case 'taken':
        return mailbox.wasTaken();
      case 'listening':
        isListening = true;
        return onListening(member);
      case 'failed':
        return onFailed(member, message.message);
      case 'accepted':
        return onAccepted(member);
      case 'fetch':
        return void answerFetch(message);
      case 'report':
        counted = message.metrics;
        askedAt = undefined;
        return onReport();
      case 'rejected':
        return dependencies.tellRejected(message.listener, message.cause, message.count);
      case 'certificate':
        return dependencies.certificateReloaded(message.listener, message.problem);
      default:
        return message satisfies never;
    }
  });
  worker.onExit((how) => {
    if (hasEnded) return;
    hasEnded = true;
    onReport();
    onExit(member, how);
  });
  mailbox.isOutdated('configuration');
  return member;
}
