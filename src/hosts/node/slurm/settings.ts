/** What the user says of the cluster. */
import { z } from "zod";
import { ConfigurationFormat } from "../../../configuration/index.js";
import { slurmKeys } from "../../../training/configuration-execution.js";

export type { SlurmSettings } from "../../../training/configuration-execution.js";

export const slurmSchema = z.strictObject(slurmKeys);
export const slurmFormat = new ConfigurationFormat({ schema: slurmSchema });
