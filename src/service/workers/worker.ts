/** A worker process: answers checks on connections from the main process, with keys that the main process fetches. */
import type { Socket } from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import { createMirroredIssuer, type MirroredIssuer } from '../../issuer/mirrored-issuer.ts';
import type { Logger, LogOptions } from '../../observe/logger.ts';
import { createMetrics, type Metrics } from '../../observe/metrics.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { version } from '../../runtime/version.ts';
import { createConnectionReceiver } from '../../transport/shared/connection-receiver.ts';
import { onceAMinute } from '../../transport/shared/rejections.ts';
import { type CheckService, createCheckService } from '../check-service.ts';
import { answerMessage } from './ask-workers.ts';
import type { FromWorker, IssuerKeysMessage, ToWorker } from './protocol.ts';

/** The dependencies of a worker. */
export interface WorkerDependencies {
  readonly openLog: (options: LogOptions) => Logger;
  readonly clock: Clock;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  /** Returns cryptographically random bytes. */
  readonly randomBytes: (size: number) => Uint8Array;
  readonly send: (message: FromWorker) => void;
  /** Exits the process. */
  readonly exit: () => void;
}

/** Creates a worker. @returns a function that handles the messages of the main process, and the connections sent with them */
export function createWorker(dependencies: WorkerDependencies): (message: ToWorker, socket?: Socket) => void {
  const { openLog, clock, random, randomBytes, send, exit } = dependencies;
  let logger: Logger | undefined;
  let service: CheckService | undefined;
  let metrics: Metrics | undefined;
  let mirrors = new Map<string, MirroredIssuer>();
  let isServing = false;
  let requests = 0;
  const fetches = new Map<number, (wasDue: boolean) => void>();
  const connections = createConnectionReceiver();
  const closing = Promise.withResolvers<void>();

  const fetchInMainProcess = (identity: string, keyId: string) => {
    const request = requests++;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    fetches.set(request, resolve);
    send({ kind: 'fetch', request, identity, keyId });
    return promise;
  };
  const mirrorOf = (identity: string, index: number, { issuers, keys, limits }: Config): MirroredIssuer => {
    const config = issuers[index];
    if (config === undefined) throw new TypeError('the message has more issuers than its configuration');
    return createMirroredIssuer({
      config,
      timing: keys,
      maxKeys: limits.maxIssuerKeys,
      clock,
      fetch: (keyId) => fetchInMainProcess(identity, keyId),
    });
  };
  const update = (issuers: readonly IssuerKeysMessage[]) => {
    for (const { identity, snapshot } of issuers) mirrors.get(identity)?.update(snapshot);
  };
  const take = (
    config: Config,
    issuers: readonly IssuerKeysMessage[],
    denyList: readonly DenyListEntry[],
  ) => {
    mirrors = new Map(
      issuers.map(({ identity }, index) => [
        identity,
        mirrors.get(identity) ?? mirrorOf(identity, index, config),
      ]),
    );
    update(issuers);
    const owners = [...mirrors.values()];
    service?.take(
      config,
      config.issuers.flatMap((issuerConfig, index) => {
        const issuer = owners[index];
        return issuer === undefined ? [] : [{ config: issuerConfig, issuer }];
      }),
      denyList,
    );
  };

  const begin = (config: Config): CheckService => {
    logger = openLog(config.log);
    metrics = createMetrics(
      {
        cacheEntries: () => service?.cacheEntries() ?? 0,
        proofs: () => service?.proofs() ?? 0,
        issuers: () => [],
        workers: () => 0,
      },
      { version, node: process.versions.node },
    );
    return createCheckService({
      initial: config,
      metrics,
      logger,
      clock,
      random,
      randomBytes,
      isServing: () => isServing,
      listenFor: connections.listenFor,
      untilClosing: () => closing.promise,
      reportRejected: onceAMinute(
        (listener, cause, count) => send({ kind: 'rejected', listener, cause, count }),
        clock,
      ),
      certificateReloaded: (listener, problem) => send({ kind: 'certificate', listener, problem }),
    });
  };
  const listen = async (started: CheckService) => {
    try {
      await started.start();
      send({ kind: 'listening' });
    } catch (error) {
      send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
      exit();
    }
  };

  return (message, socket) => {
    switch (message.kind) {
      case 'configuration': {
        const isFirst = service === undefined;
        service ??= begin(message.config);
        if (logger !== undefined) logger.level = message.config.log.level;
        isServing = message.isServing;
        take(message.config, message.issuers, message.denyList);
        service.changed();
        send({ kind: 'taken' });
        if (isFirst) void listen(service);
        return;
      }
      case 'changed':
        isServing = message.isServing;
        update(message.issuers);
        service?.changed();
        send({ kind: 'taken' });
        return;
      case 'fetched':
        fetches.get(message.request)?.(message.wasDue);
        fetches.delete(message.request);
        return;
      case 'report':
        void metrics?.report().then((report) => send({ kind: 'report', metrics: report }));
        return;
      case 'ask':
        if (service !== undefined) void answerMessage(message, service.ask).then(send);
        return;
      case 'connection':
        send({ kind: 'accepted' });
        if (socket !== undefined) connections.receive(message.listener, socket);
        return;
      case 'drain':
        isServing = false;
        void service?.stop().then(exit);
        return;
      case 'close':
        closing.resolve();
        return;
      default:
        message satisfies never;
    }
  };
}
