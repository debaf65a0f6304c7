/** The process of `startNodeProcess`. */
import type { NodeMessage } from './node-process.ts';
import { startNodeServer } from './node-server.ts';

const send = (message: NodeMessage) => process.send?.(message);
process.on('disconnect', () => process.exit());
send({ port: await startNodeServer((client, calls) => send({ client, calls })) });
