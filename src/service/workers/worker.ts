/** A worker process: answers checks on connections from the main process, with keys that the main process fetches. */
import type { Socket } from 'node:net';
import type { Config } from '../../config/declare/options.ts';
import { readSessionKeys, type SessionKey } from '../../config/session/session-keys.ts';
import { createMirroredIssuer, type MirroredIssuer } from '../../issuer/mirrored-issuer.ts';
import type { Logger, LogOptions } from '../../observe/logger.ts';
import { createMetrics, type Metrics } from '../../observe/metrics.ts';
import type { FollowedFiles } from '../../runtime/files/follow.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { version } from '../../runtime/version.ts';
import { createConnectionReceiver } from '../../transport/shared/connection-receiver.ts';
import { onceAMinute } from '../../transport/shared/rejections.ts';
import { type CheckService, createCheckService } from '../check-service.ts';
import { createServiceState, type ServiceState } from '../service-state.ts';
import { answerMessage } from './ask-workers.ts';
import { inOrder } from './in-order.ts';
import type { ConfigurationMessage, FromWorker, IssuerKeysMessage, ToWorker } from './protocol.ts';

/** The dependencies of a worker. */
export interface WorkerDependencies {
  readonly openLog: (options: LogOptions) => Logger;
  readonly clock: Clock;
  /** Returns a number from 0 to 1. */
  readonly random: () => number;
  /** Returns cryptographically random bytes. */
  readonly randomBytes: (size: number) => Uint8Array;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The files of the clients of logins. */
  readonly files: FollowedFiles;
  readonly send: (message: FromWorker) => void;
  /** Exits the process. */
  readonly exit: () => void;
}

/** Creates a worker. @returns a function that handles the messages of the main process, and the connections sent with them */
export function createWorker(dependencies: WorkerDependencies): (message: ToWorker, socket?: Socket) => void {
  const { openLog, clock, random, randomBytes, environment, files, send, exit } = dependencies;
  let logger: Logger | undefined;
  let service: CheckService | undefined;
  let metrics: Metrics | undefined;
  let state: ServiceState | undefined;
  let mirrors = new Map<string, MirroredIssuer>();
  let sessionKeys: { readonly text: string; readonly keys: readonly SessionKey[] } = { text: '', keys: [] };
  let isServing = false;
  let requests = 0;
  let isListening = false;
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
  const update = (issuers: readonly IssuerKeysMessage[], keysText: string) => {
    if (keysText !== sessionKeys.text)
      sessionKeys = { text: keysText, keys: keysText === '' ? [] : readSessionKeys(keysText) };
    for (const { identity, snapshot } of issuers) mirrors.get(identity)?.update(snapshot);
  };
  const take = ({ config, issuers, denyList, sessionKeys: keysText }: ConfigurationMessage) => {
    mirrors = new Map(
      issuers.map(({ identity }, index) => [
        identity,
        mirrors.get(identity) ?? mirrorOf(identity, index, config),
      ]),
    );
    update(issuers, keysText);
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
        sessions: () => service?.sessions() ?? 0,
        issuers: () => [],
        workers: () => 0,
      },
      { version, node: process.versions.node },
    );
    state = createServiceState({ files, logger, metrics, clock, random });
    return createCheckService({
      initial: config,
      metrics,
      logger,
      clock,
      random,
      randomBytes,
      environment,
      files,
      sessionKeys: () => sessionKeys.keys,
      state,
      isServing: () => isServing,
      listenFor: connections.listenFor,
      untilClosing: () => closing.promise,
      reportRejected: onceAMinute(
        (listener, cause, count, detail) => send({ kind: 'rejected', listener, cause, count, detail }),
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

  const handle = (message: ToWorker, socket: Socket | undefined): Promise<void> | undefined => {
    switch (message.kind) {
      case 'configuration': {
        service ??= begin(message.config);
        const prepared = service.prepare(message.config);
        if (prepared !== undefined) return prepared.then(() => void handle(message, socket));
        if (logger !== undefined) logger.level = message.config.log.level;
        isServing = message.isServing;
        take(message);
        service.changed();
        send({ kind: 'taken' });
        if (!isListening) void listen(service);
        isListening = true;
        return undefined;
      }
      case 'denyList':
      case 'changed':
        if (message.kind === 'denyList') service?.denyListChanged(message.denyList);
        isServing = message.isServing;
        update(message.issuers, message.sessionKeys);
        service?.changed();
        send({ kind: 'taken' });
        return undefined;
      case 'fetched':
        fetches.get(message.request)?.(message.wasDue);
        fetches.delete(message.request);
        return undefined;
      case 'report':
        void metrics?.report().then((report) => send({ kind: 'report', metrics: report }));
        return undefined;
      case 'ask':
        if (service !== undefined) void answerMessage(message, service.ask).then(send);
        return undefined;
      case 'connection':
        send({ kind: 'accepted' });
        if (socket !== undefined) connections.receive(message.listener, socket);
        return undefined;
      case 'drain':
        isServing = false;
        void service?.stop().then(() => {
          state?.stop();
          exit();
        });
        return undefined;
      case 'close':
        closing.resolve();
        return undefined;
      default:
        return message satisfies never;
    }
  };
  return inOrder(handle);
}
