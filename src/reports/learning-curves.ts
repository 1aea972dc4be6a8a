/** RMSE of energies and forces against the epoch, for every member. */
import type { EpochRecord, MemberRecord, SetErrors } from "../training/record.js";
import { colours, svgOf } from "./plots.js";

/** More points than a line of this width can show only make the file larger. */
const mostPoints = 250;

interface CurvePoint {
  readonly epoch: number;
  readonly error: number;
  readonly set: "training" | "validation";
  readonly member: number;
  readonly best: boolean;
}

export async function learningCurves(members: readonly MemberRecord[]): Promise<string> {
  const energy = await learningCurve(members, "energy", "Energy RMSE / meV per atom");
  const forces = await learningCurve(members, "forces", "Force RMSE / eV per Å");
  const plots = [energy, forces].filter((plot) => plot !== "");
  return plots.length === 0 ? "" : `<div class="pair">${plots.join("\n")}</div>${caption(members)}`;
}

function caption(members: readonly MemberRecord[]): string {
  const best = members.map(({ bestEpoch, epochs }) => `${bestEpoch} of ${epochs}`).join(", ");
  const which = members.length === 1 ? "Circle" : "One line a member; circles";
  return `<p class="caption">${which}: the epoch that was kept, by the validation error (${best}).</p>`;
}

async function learningCurve(
  members: readonly MemberRecord[],
  key: "energy" | "forces",
  title: string,
): Promise<string> {
  const points = members.flatMap((member, index) => memberPoints(member, index, key));
  if (points.length === 0) return "";
  const colour = {
    field: "set",
    type: "nominal",
    scale: { domain: ["training", "validation"], range: [colours.train, colours.validation] },
    legend: { title: null, orient: "top-right", fillColor: "#ffffffcc", padding: 4 },
  } as const;
  const x = { field: "epoch", type: "quantitative", title: "Epoch", axis: { tickMinStep: 1, tickCount: 8 } } as const;
  const y = { field: "error", type: "quantitative", title, scale: { type: "log", nice: true }, axis: logAxis } as const;
  return svgOf(
    {
      width: 408,
      height: 250,
      data: { values: points },
      layer: [
        {
          mark: { type: "line", strokeWidth: 1.5, opacity: 0.85 },
          encoding: { x, y, color: colour, detail: { field: "member" } },
        },
        {
          transform: [{ filter: "datum.best" }],
          mark: { type: "point", size: 45, strokeWidth: 1.6, fill: "white", opacity: 1 },
          encoding: { x, y, color: colour },
        },
      ],
    },
    title,
  );
}

export const logAxis = { format: "~g", tickCount: 5 } as const;

function memberPoints(member: MemberRecord, index: number, key: "energy" | "forces"): CurvePoint[] {
  const every = Math.max(1, Math.ceil(member.history.length / mostPoints));
  const shown = member.history.filter(
    ({ epoch }, k) => k % every === 0 || k === member.history.length - 1 || epoch === member.bestEpoch,
  );
  return shown.flatMap((record) => [
    ...point(record, record.train, { set: "training", member: index, best: false }),
    ...point(record, record.validation, { set: "validation", member: index, best: record.epoch === member.bestEpoch }),
  ]);

  function point(
    { epoch }: EpochRecord,
    errors: SetErrors | undefined,
    rest: Pick<CurvePoint, "set" | "member" | "best">,
  ): CurvePoint[] {
    const error = errors?.[key]?.rmse;
    // A logarithmic axis has no place for zero.
    return error === undefined || !(error > 0) || !Number.isFinite(error) ? [] : [{ epoch, error, ...rest }];
  }
}
