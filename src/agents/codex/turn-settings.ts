/** What a thread's settings say of its requests. `undefined`: they do not say. */
export interface RequestSettings {
  readonly model: string | undefined;
  readonly serviceTier: string | undefined;
}

/**
 * The settings of a thread, turn by turn. Codex writes a `thread_settings_applied` row as soon as somebody changes them,
 * but sends the new ones from the next turn on (measured on 0.151 and 0.171). Only the first turn of a session file may have
 * a row of its own, before its first response, which holds for that turn (0.169 and 0.171; not 0.151).
 */
export interface TurnSettings {
  readonly inForce: RequestSettings;
  /** What was told during a turn and holds from the next one on. */
  readonly next: RequestSettings | undefined;
  /** Whether the first turn has begun, and whether a settings row of its own, or a response, has been read. */
  readonly firstTurn: 'not begun' | 'begun' | 'settled';
}

export const NO_SETTINGS: TurnSettings = {
  inForce: { model: undefined, serviceTier: undefined },
  next: undefined,
  firstTurn: 'not begun',
};

/** Takes a `thread_settings_applied` row. */
export function takeSettings(settings: TurnSettings, told: RequestSettings): TurnSettings {
  const { inForce, firstTurn } = settings;
  if (firstTurn === 'settled') return { ...settings, next: told };
  const changed = { model: told.model ?? inForce.model, serviceTier: told.serviceTier };
  return { inForce: changed, next: undefined, firstTurn: firstTurn === 'begun' ? 'settled' : firstTurn };
}

/** Takes the beginning of a turn. */
export function beginTurn(settings: TurnSettings): TurnSettings {
  const { inForce, next, firstTurn } = settings;
  const begun = firstTurn === 'not begun' ? 'begun' : 'settled';
  if (!next) return begun === firstTurn ? settings : { ...settings, firstTurn: begun };
  const changed = { model: next.model ?? inForce.model, serviceTier: next.serviceTier };
  return { inForce: changed, next: undefined, firstTurn: begun };
}

/** Takes a response: a settings row that comes behind it is no turn's own. */
export function passResponse(settings: TurnSettings): TurnSettings {
  return settings.firstTurn === 'begun' ? { ...settings, firstTurn: 'settled' } : settings;
}

/** Takes the model that a turn's context names, or that it names none. */
export function takeModel(settings: TurnSettings, model: string | undefined): TurnSettings {
  if (settings.inForce.model === model) return settings;
  return { ...settings, inForce: { ...settings.inForce, model } };
}
