/** How much of the machine was used by others during a measurement. */
import { readFileSync } from 'node:fs';
import { familyOf } from './measure.ts';

/** Counters of CPU time since the start of the machine, in ticks of the kernel. */
export interface CpuCounters {
  /** All time of all cores. */
  readonly total: number;
  /** Time in which a process or an interrupt ran. */
  readonly busy: number;
  /** Time that the hypervisor gave to another machine. */
  readonly stolen: number;
  /** Time of this process and of all processes that it has started, ended ones included. */
  readonly own: number;
}

/** The share of all cores that others used, from 0 to 1. */
export interface Disturbance {
  /** Other processes. */
  readonly others: number;
  /** Other machines on the same hypervisor. */
  readonly stolen: number;
}

/** The highest shares of a quiet machine. */
const quietest: Disturbance = { others: 0.05, stolen: 0.02 };

/** Whether others used so much that the figures are doubtful. */
export function isNoisy({ others, stolen }: Disturbance): boolean {
  return others > quietest.others || stolen > quietest.stolen;
}

/** The disturbance between two readings of the counters. */
export function disturbanceBetween(before: CpuCounters, after: CpuCounters): Disturbance {
  const total = after.total - before.total;
  const share = (ticks: number) => (total > 0 ? Math.max(0, ticks) / total : 0);
  const [busy, own] = [after.busy - before.busy, after.own - before.own];
  return { others: share(busy - own), stolen: share(after.stolen - before.stolen) };
}

/** Reads the counters of this machine (proc(5)). */
export function readCpuCounters(): CpuCounters {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const ticks = line.trim().split(/\s+/).slice(1).map(Number);
  // The time of virtual machines is also counted as user time.
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, hard = 0, soft = 0, stolen = 0] = ticks;
  const busy = user + nice + system + hard + soft;
  return { total: busy + idle + waiting + stolen, busy, stolen, own: ownTicks() };
}

function ownTicks(): number {
  return familyOf(process.pid).reduce((sum, pid) => sum + ticksOf(pid), 0);
}

/** The CPU time of a process, and of its ended children; zero if it has just ended. */
function ticksOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program is in parentheses, and may have spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  } catch {
    return 0;
  }
}
