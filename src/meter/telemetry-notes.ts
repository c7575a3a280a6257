import type { NoTelemetry } from '../process/telemetry.js';
import type { Note } from '../usage/record.js';

/** What became of a run's telemetry, at its end. */
export interface TelemetryOutcome {
  /** The run is a server, which may have run threads without a session file that nothing told of. */
  readonly isServer: boolean;
  /** Why Codex was not asked for any; undefined when it was. */
  readonly absent: NoTelemetry | undefined;
  /** How many requests Codex made. */
  readonly reports: number;
  /** How many requests were turned away, by the reason for it. */
  readonly refused: ReadonlyMap<string, number>;
  /** How many responses completed without counts. */
  readonly uncounted: number;
}

/** What a reader of the record must know of the telemetry. */
export function describeTelemetry(outcome: TelemetryOutcome): Note[] {
  const { isServer, absent, reports, refused, uncounted } = outcome;
  const why = absent ? ABSENT[absent] : reports === 0 ? 'Codex reported nothing' : undefined;
  const notes: Note[] = [...refused].map(([reason, requests]) => ({
    kind: 'unreadable',
    reason: `telemetry was turned away: ${reason}`,
    figures: { requests },
  }));
  if (isServer && why) {
    const reason = `threads of this server that keep no session file, if it ran any, are not recorded: ${why}`;
    notes.push({ kind: 'fallback', reason, figures: {} });
  }
  if (uncounted > 0) {
    const reason =
      'responses completed without usage in a thread that keeps no session file: what they used is not known';
    notes.push({ kind: 'fallback', reason, figures: { responses: uncounted } });
  }
  return notes;
}

const ABSENT: Readonly<Record<NoTelemetry, string>> = {
  'own exporter': "telemetry of the user's own is set up",
  proxy: 'its telemetry would go through a proxy',
  'no port': 'no port could be opened for its telemetry',
};
