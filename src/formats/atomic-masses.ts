export { atomicMasses, elementOfMass } from "../structure/masses.js";
