/**
 * amu Å²/fs² in eV: a mass in amu times this is a mass in eV fs²/Å², with which ½mv² is in eV and F/m in Å/fs².
 *
 * From CODATA 2018: 1.66053906660e-27 kg per amu, (1e-10 m / 1e-15 s)² = 1e10 m²/s², 1.602176634e-19 J per eV.
 */
export const electronvoltsPerAmu = (1.6605390666e-27 * 1e10) / 1.602176634e-19;
