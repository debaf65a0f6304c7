/** A worker as the pool sees it: its messages, its metrics, and whether it responds. */
import type { RegisteredIssuer } from '../../issuer/registry.ts';
import type { Report } from '../../observe/worker-metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { onceAtATime } from '../../runtime/time/single-flight.ts';
import type { Listener } from '../../transport/shared/listener.ts';
import type { ReportRejected } from '../../transport/shared/rejections.ts';
import { createOpenQuestions, type OpenQuestions } from './ask-workers.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import type { Connection, ForkWorker, FromWorker, StateMessage, ToWorker } from './protocol.ts';

/** A worker process from its start to its exit. */
export interface Member {
  readonly pid: number | undefined;
  /** When it was started, in milliseconds of the monotonic clock. */
  readonly startedAt: number;
  /** Whether it listens, or did until it exited. */
  readonly isListening: () => boolean;
  /** How long it has been silent, in milliseconds. While it listens, only the time since an unanswered report request counts. */
  readonly silence: () => number;
  readonly stateChanged: Mailbox['stateChanged'];
  readonly hand: (connection: Connection) => void;
  readonly send: (message: ToWorker) => void;
  readonly ask: OpenQuestions['ask'];
  /** Requests its metrics. Resolves when they arrive or the worker exits. At most one request is open. */
  readonly report: () => Promise<void>;
  /** The metrics in its last report. */
  readonly lastReport: () => Report;
  readonly kill: () => void;
}

/** The dependencies of a member. */
export interface MemberDependencies {
  readonly forkWorker: ForkWorker;
  readonly clock: Clock;
  readonly issuers: () => readonly RegisteredIssuer[];
  /** Makes a message from the current state. */
  readonly state: (kind: StateMessage['kind']) => StateMessage;
  readonly onListening: (member: Member) => void;
  /** The worker cannot listen. */
  readonly onFailed: (member: Member, problem: string) => void;
  /** The worker has acknowledged its connection. */
  readonly onAccepted: (member: Member) => void;
  readonly onExit: (member: Member, how: number | string) => void;
  readonly reportRejected: ReportRejected;
  readonly certificateReloaded: (listener: Listener['name'], problem: string | undefined) => void;
}

/** Starts a worker. */
export function startMember(dependencies: MemberDependencies): Member {
  const { forkWorker, clock, issuers, state, onListening, onFailed, onAccepted, onExit } = dependencies;
  const worker = forkWorker();
  const startedAt = clock.monotonic();
  const mailbox = createMailbox(state, worker.send);
  const questions = createOpenQuestions(worker.send, clock);
  let lastMessageAt = startedAt;
  let isListening = false;
  let hasEnded = false;
  let lastReport: Report = [];
  let requestedAt: number | undefined;
  let onReport = () => {};

  const fetchFor = async (message: FromWorker & { kind: 'fetch' }) => {
    const owner = issuers().find(({ identity }) => identity === message.identity)?.issuer;
    const fetching = owner?.fetchForUnknownKey(message.keyId);
    await fetching;
    return fetching !== undefined;
  };
  const answerFetch = async (message: FromWorker & { kind: 'fetch' }) => {
    // A check in the worker waits for this answer, even if the fetch fails.
    const wasDue = await fetchFor(message).catch(() => false);
    mailbox.fetched({ kind: 'fetched', request: message.request, wasDue });
  };

  const member: Member = {
    pid: worker.pid,
    startedAt,
    isListening: () => isListening,
    silence: () => {
      const since = isListening ? requestedAt : startedAt;
      return since === undefined ? 0 : clock.monotonic() - Math.max(since, lastMessageAt);
    },
    stateChanged: mailbox.stateChanged,
    hand: ({ listener, socket }) => worker.send({ kind: 'connection', listener }, socket),
    send: (message) => worker.send(message),
    ask: questions.ask,
    report: onceAtATime(
      () =>
        new Promise<void>((resolve) => {
          if (hasEnded) return resolve();
          onReport = resolve;
          requestedAt = clock.monotonic();
          worker.send({ kind: 'report' });
        }),
    ),
    lastReport: () => lastReport,
    kill: worker.kill,
  };
  worker.onMessage((message) => {
    if (hasEnded) return undefined;
    lastMessageAt = clock.monotonic();
    switch (message.kind) {
      case 'taken':
        return mailbox.acknowledged();
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
        lastReport = message.metrics;
        requestedAt = undefined;
        return onReport();
      case 'answer':
        return questions.answered(message);
      case 'rejected':
        return dependencies.reportRejected(message.listener, message.cause, message.count, message.detail);
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
    questions.end();
    onExit(member, how);
  });
  mailbox.stateChanged('configuration');
  return member;
}
