/** Requests at all replicas of a fleet: of people, and of clients without a session. It judges every answer. */
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { until } from '../app.ts';
import { type Answer, askReplica } from './ask.ts';
import type { Fleet, Person } from './fleet.ts';

/** Answers that must not be there. Each is empty or 0 after a fault. */
export interface Wrong {
  /** Requests without a good session that were allowed. */
  readonly allows: readonly string[];
  /** People who were sent to log in, or lost a cookie, although their session is good. */
  readonly loggedOut: readonly string[];
  /** People who were denied. */
  readonly denied: readonly string[];
  /** Answers of another kind, and missing ones. */
  readonly unexpected: readonly string[];
}

/** Running requests. */
export interface Traffic {
  /** Waits for a number of further answers at each replica. @returns the number of errors that people got in this time */
  readonly answers: (count: number) => Promise<number>;
  /**
   * Signs a person out. After 1 s, each process of each replica must refuse the old cookie: from then on, an allow is wrong.
   */
  readonly signOut: (person: Person) => Promise<void>;
  /** Starts with the requests of another person, whose session is good. */
  readonly add: (person: Person) => void;
  /** Waits until each replica allows everyone 10 times in a row. */
  readonly untilAllAllowed: () => Promise<void>;
  /** Waits for as many answers as take at least this time, in seconds. On a busy machine they take longer. */
  readonly settle: (seconds: number) => Promise<void>;
  /** Waits until the fleet has recovered from a fault: also the renewals, which wait for 2 s after a new connection to the store. */
  readonly untilRecovered: () => Promise<void>;
  /** Ends the requests, and waits for their answers. */
  readonly stop: () => Promise<Wrong>;
}

/** Requests that wait for an answer, at most, for each replica. */
const mostPending = 64;

/** Milliseconds between two requests to a replica. */
const pause = 10;

/** The seconds in which renewals continue after a new connection to the store. */
const settlingTime = 3;

/** The seconds in which every process knows that a session has ended. */
const untilEnded = 1;

/** Starts the requests of these people. Their sessions are good. */
export function startTraffic(fleet: Fleet, people: readonly Person[]): Traffic {
  const live = [...people];
  const ended = new Map<string, string>();
  const wrong = {
    allows: [] as string[],
    loggedOut: [] as string[],
    denied: [] as string[],
    unexpected: [] as string[],
  };
  const agent = new http.Agent({ keepAlive: true, maxSockets: mostPending });
  const counts = fleet.replicas.map(() => ({ answers: 0, errors: 0 }));
  const pending = fleet.replicas.map(() => new Set<Promise<void>>());

  const askAs = async (port: number, person: Person) => {
    const { answer, cookies } = await askReplica(port, person.cookie(), agent);
    if (typeof answer === 'object') wrong.unexpected.push(`${person.name}: ${answer.unexpected}`);
    else if ((answer === 'login' || cookies.length > 0) && live.includes(person))
      wrong.loggedOut.push(`${person.name}: ${answer} ${cookies}`);
    else if (answer === 'denied') wrong.denied.push(person.name);
    return answer;
  };
  const askWithout = async (port: number, whose: string, cookie: string) => {
    const { answer } = await askReplica(port, cookie, agent);
    if (answer === 'allowed') wrong.allows.push(whose);
    if (typeof answer === 'object') wrong.unexpected.push(`${whose}: ${answer.unexpected}`);
  };

  let turn = 0;
  const ask = async (port: number, count: { answers: number; errors: number }) => {
    turn++;
    const person = live[turn % live.length] as Person;
    switch (turn % 5) {
      case 0:
        await askWithout(port, 'no cookie', '');
        break;
      case 1:
        await askWithout(port, 'a forged cookie', forged(person.cookie()));
        break;
      case 2: {
        const [cookie = '', name = 'no cookie'] = [...ended][turn % ended.size] ?? [];
        await askWithout(port, name, cookie);
        break;
      }
      default:
        if ((await askAs(port, person)) !== 'allowed') count.errors++;
    }
    count.answers++;
  };
  const timer = setInterval(() => {
    for (const [index, { httpPort }] of fleet.replicas.entries()) {
      const waiting = pending[index] as Set<Promise<void>>;
      if (waiting.size >= mostPending) continue;
      const one = ask(httpPort, counts[index] as (typeof counts)[number]).finally(() => waiting.delete(one));
      waiting.add(one);
    }
  }, pause);
  const answers = async (count: number) => {
    const before = counts.map((one) => ({ ...one }));
    await until(
      () => counts.every((one, index) => one.answers - (before[index]?.answers ?? 0) >= count),
      120,
    );
    return counts.reduce((sum, { errors }, index) => sum + errors - (before[index]?.errors ?? 0), 0);
  };
  const settle = async (seconds: number) => void (await answers((seconds * 1_000) / pause));
  const untilAllAllowed = () =>
    untilAllowed(fleet, (port) => Promise.all(live.map((person) => askAs(port, person))));
  return {
    answers,
    settle,
    untilAllAllowed,
    untilRecovered: async () => {
      await untilAllAllowed();
      await settle(settlingTime);
    },
    signOut: async (person) => {
      live.splice(live.indexOf(person), 1);
      const cookie = person.cookie();
      await person.signOut();
      await settle(untilEnded);
      for (const { httpPort } of fleet.replicas) {
        // So many that each worker answers.
        for (let request = 0; request < 10; request++) {
          const { answer } = await askReplica(httpPort, cookie, agent);
          if (answer !== 'login') throw new Error(`${person.name} has signed out: ${JSON.stringify(answer)}`);
        }
      }
      ended.set(cookie, `${person.name}, signed out`);
    },
    add: (person) => void live.push(person),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending.flatMap((waiting) => [...waiting]));
      agent.destroy();
      return wrong;
    },
  };
}

/** Waits until each replica allows everyone 10 times in a row: then each of its workers has done so. */
async function untilAllowed(fleet: Fleet, ask: (port: number) => Promise<readonly Answer[]>): Promise<void> {
  for (const [index, { httpPort }] of fleet.replicas.entries()) {
    let row = 0;
    let last: readonly Answer[] = [];
    await until(async () => {
      last = await ask(httpPort);
      row = last.every((answer) => answer === 'allowed') ? row + 1 : 0;
      return row >= 10;
    }).catch(() => {
      throw new Error(`replica ${index} does not allow everyone, but answers ${JSON.stringify(last)}`);
    });
  }
}

/** A cookie that looks like this one. */
function forged(cookie: string): string {
  return cookie.replace(
    /=([^;]{40})[^;]*/,
    (_, start) => `=${start}${randomBytes(150).toString('base64url')}`,
  );
}
