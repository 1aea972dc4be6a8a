export { chooseDescriptors } from "./automatic.js";
export * from "./definition.js";
export { orderDescriptors } from "./order.js";
export { affineOf, StatisticsGatherer } from "./scaling.js";
