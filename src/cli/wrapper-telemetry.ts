import { resolve } from 'node:path';
import { readCodexHome } from '../config/paths.js';
import { type OtlpSink, openOtlpSink } from '../io/otlp-sink.js';
import type { CodexCommand } from '../process/argv.js';
import { mentionsTelemetry, telemetryArgs } from '../process/telemetry.js';

export interface Telemetry {
  readonly sink: OtlpSink;
  /** What Codex's arguments begin with, so that it reports to the sink. */
  readonly args: readonly string[];
}

/** Opens a sink for Codex's telemetry; undefined where the user has said anything about telemetry. */
export async function connectTelemetry(
  codexArgs: readonly string[],
  command: CodexCommand,
): Promise<Telemetry | undefined> {
  const places = { codexHome: readCodexHome(process.env), cwd: resolve(command.cd ?? '.') };
  if (mentionsTelemetry(codexArgs, places)) return undefined;
  const sink = await openOtlpSink();
  return { sink, args: telemetryArgs(sink.endpoint) };
}
