/** Of a run that its budget ended, or that was not started because its budget is spent. */
export const BUDGET_EXIT_CODE = 99;
