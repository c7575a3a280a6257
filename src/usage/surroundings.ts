/** The job of a CI system that an invocation ran in. What the system does not say is left out. */
export interface CiJob {
  readonly system: (typeof CI_SYSTEMS)[number];
  /** The name of the workflow or the pipeline. */
  readonly pipeline?: string;
  /** Which run of it. */
  readonly run?: string;
  readonly repository?: string;
}

export const CI_SYSTEMS = ['github', 'gitlab', 'buildkite', 'circleci', 'azure', 'bitbucket', 'jenkins'] as const;

/** Who and what an invocation was started by, as far as its environment said it. Only a push to a fleet reads it. */
export interface InvocationSurroundings {
  /** CODEX_METERED_USER, or the actor of a CI job. */
  readonly user?: string;
  readonly ci?: CiJob;
  /** Of OTEL_RESOURCE_ATTRIBUTES and CODEX_METERED_LABELS. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Whose usage it is, as a fleet says it: of an invocation, or of a thread where responses have no invocation. */
export interface TeamSurroundings {
  readonly user: string;
  /** The id of the machine's database, and the machine's name. */
  readonly store: string;
  readonly host: string;
  readonly labels: Readonly<Record<string, string>>;
}
