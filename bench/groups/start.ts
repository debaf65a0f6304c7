/** The time from the start of the process to its listeners. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ratios, spread } from '../measure.ts';
import type { Row } from '../report/table.ts';
import { bareHttp, pinned, type Server, trusting } from '../servers.ts';
import type { TargetName } from '../targets.ts';
import { type Group, rangeText } from './group.ts';

const rounds = 11;

/** Starts on one core, next to Node alone. */
export const start: Group = {
  name: 'start',
  title: 'Start',
  run: async ({ mint: { issuer }, pool }) => {
    const [node, bare, listening, ready]: [number[], number[], number[], number[]] = [[], [], [], []];
    const startOnce = async (starting: Promise<Server>) => {
      const server = await starting;
      await server.stop();
      return server;
    };
    for (let round = 0; round <= rounds; round++) {
      const times = {
        node: await millisecondsOfNode(),
        bare: await startOnce(pool.script(bareHttp)),
        service: await startOnce(pool.service(trusting(issuer.url))),
      };
      // The first round reads the files from the disk.
      if (round === 0) continue;
      node.push(times.node);
      bare.push(times.bare.listeningAfter);
      listening.push(times.service.listeningAfter);
      ready.push(times.service.readyAfter);
    }
    const row = (name: string, figures: readonly number[], target?: TargetName): Row => ({
      name,
      ratio: spread(ratios(figures, node)),
      against: 'node -e 0',
      here: rangeText(spread(figures)),
      ...(target !== undefined && { target }),
    });
    return {
      tables: [
        {
          title: `Time from exec, on one core, median of ${rounds}`,
          here: 'ms, median (min to max)',
          rows: [
            row('node -e 0', node),
            row('bare node:http, listening', bare),
            row('oidc-authz, listening', listening, 'start'),
            row('oidc-authz, with the keys of the issuer', ready),
          ],
          note: '`node -e 0` is timed to its exit. The service runs from its bundle.',
        },
      ],
    };
  },
};

async function millisecondsOfNode(): Promise<number> {
  const [program, ...args] = pinned([process.execPath, '-e', '0']);
  const started = performance.now();
  const [code] = await once(spawn(program, args, { stdio: 'ignore' }), 'exit');
  if (code !== 0) throw new Error(`node -e 0 exited with code ${code}`);
  return performance.now() - started;
}
