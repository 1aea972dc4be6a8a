/** A dropout potential as a committee of its passes: slower, but for whoever knows committees alone the same potential. */
import { maskedParameters, maskOf } from "../networks/index.js";
import type { Member, NetworkPotential } from "./definition.js";

/** Every pass of every member as a member of its own; mean and spread over them are those of the potential. */
export function passesAsMembers(potential: NetworkPotential): NetworkPotential {
  const most = Math.max(...potential.members.map(passesOf));
  const uneven = potential.members.some((member) => passesOf(member) !== most);
  if (uneven) throw new Error("members with different numbers of passes have different weights in the mean");
  return { ...potential, members: potential.members.flatMap(plainMembers) };
}

const passesOf = ({ dropout }: Member): number => dropout?.masks[0]?.passes ?? 1;

/** The plain networks that a member's passes are; without dropout the member alone. */
export function plainMembers({ dropout, ...member }: Member): Member[] {
  if (dropout === undefined) return [member];
  return Array.from({ length: passesOf({ ...member, dropout }) }, (_, t) => ({
    ...member,
    elements: member.elements.map(({ scaling, network }, e) => {
      const parameters = maskedParameters(network, network.parameters, maskOf(dropout.masks[e]!, t));
      return { scaling, network: { ...network, parameters } };
    }),
  }));
}
