import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { readCodexHome } from '../config/paths.js';
import { type OtlpSink, openOtlpSink } from '../io/otlp-sink.js';
import type { CodexCommand } from '../process/argv.js';
import {
  mentionsTelemetry,
  type NoTelemetry,
  reportsThroughProxy,
  SECRET_HEADER,
  telemetryArgs,
  telemetryEnv,
} from '../process/telemetry.js';

/** The telemetry of a run that may keep no session file. */
export type Telemetry =
  | {
      readonly kind: 'connected';
      readonly sink: OtlpSink;
      /** What Codex's arguments begin with, so that it reports to the sink. */
      readonly args: readonly string[];
      /** What is set in Codex's environment for it. */
      readonly env: NodeJS.ProcessEnv;
    }
  | { readonly kind: 'absent'; readonly reason: NoTelemetry };

/** Opens a sink for Codex's telemetry, but where the user has said anything about telemetry or nothing would arrive. */
export async function connectTelemetry(codexArgs: readonly string[], command: CodexCommand): Promise<Telemetry> {
  const { env } = process;
  const places = { codexHome: readCodexHome(env), cwd: resolve(command.cd ?? '.') };
  if (mentionsTelemetry(codexArgs, places)) return { kind: 'absent', reason: 'own exporter' };
  if (reportsThroughProxy(env)) return { kind: 'absent', reason: 'proxy' };
  const secret = randomBytes(32).toString('hex');
  try {
    const sink = await openOtlpSink({ secret: { header: SECRET_HEADER, value: secret } });
    return {
      kind: 'connected',
      sink,
      args: telemetryArgs(sink.endpoint),
      env: telemetryEnv(secret, env, command),
    };
  } catch {
    return { kind: 'absent', reason: 'no port' };
  }
}
