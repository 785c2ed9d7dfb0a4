namespace Llm42.Native;

/// <summary>One row-major source matrix in host memory that the caller keeps valid and in place during the call.</summary>
/// <param name="Address">First element; no alignment is needed.</param>
/// <param name="Size">Bytes; must equal rows x columns x element size.</param>
/// <param name="Rows">Output features of this part.</param>
public readonly record struct NativeWeightPart(nint Address, long Size, long Rows);
