import { isCloudStep, type PlannedStep } from '../model/action.js';
import { cloudDriver } from './cloud-driver.js';
import { clusterDriver } from './cluster-driver.js';
import type { PlanTools, StepDriver } from './step-driver.js';

/** `plan` is the name of the plan that the step is of. */
export function driverOf(step: PlannedStep, plan: string, { actuator, cloud = null }: PlanTools): StepDriver {
  return isCloudStep(step) ? cloudDriver(step, plan, cloud) : clusterDriver(step, actuator);
}
