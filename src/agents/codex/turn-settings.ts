/** The settings of a thread that decide what its responses cost. Undefined where they do not say. */
export interface RequestSettings {
  readonly model: string | undefined;
  readonly serviceTier: string | undefined;
}

/**
 * The settings of a thread, turn by turn. Codex writes a `thread_settings_applied` row as soon as somebody changes them,
 * but uses the new ones from the next turn on (measured on 0.151 and 0.171). The exception is the first turn of a session
 * file: a row before its first response holds for that turn (0.169 and 0.171; not 0.151).
 */
export interface TurnSettings {
  readonly inForce: RequestSettings;
  /** Settings that were changed during a turn and hold from the next one on. */
  readonly next: RequestSettings | undefined;
  /** `settled`: a settings row of the first turn, or a response, has been read. */
  readonly firstTurn: 'not begun' | 'begun' | 'settled';
}

export const NO_SETTINGS: TurnSettings = {
  inForce: { model: undefined, serviceTier: undefined },
  next: undefined,
  firstTurn: 'not begun',
};

/** Takes a `thread_settings_applied` row. */
export function takeSettings(settings: TurnSettings, changed: RequestSettings): TurnSettings {
  const { inForce, firstTurn } = settings;
  if (firstTurn === 'settled') return { ...settings, next: changed };
  const applied = { model: changed.model ?? inForce.model, serviceTier: changed.serviceTier };
  return { inForce: applied, next: undefined, firstTurn: firstTurn === 'begun' ? 'settled' : firstTurn };
}

/** Takes the beginning of a turn. */
export function beginTurn(settings: TurnSettings): TurnSettings {
  const { inForce, next, firstTurn } = settings;
  const begun = firstTurn === 'not begun' ? 'begun' : 'settled';
  if (!next) return begun === firstTurn ? settings : { ...settings, firstTurn: begun };
  const changed = { model: next.model ?? inForce.model, serviceTier: next.serviceTier };
  return { inForce: changed, next: undefined, firstTurn: begun };
}

/** Takes a response: a settings row after it is for the next turn. */
export function takeResponse(settings: TurnSettings): TurnSettings {
  return settings.firstTurn === 'begun' ? { ...settings, firstTurn: 'settled' } : settings;
}

/** Takes the model in a turn's context, which may name none. */
export function takeModel(settings: TurnSettings, model: string | undefined): TurnSettings {
  if (settings.inForce.model === model) return settings;
  return { ...settings, inForce: { ...settings.inForce, model } };
}
