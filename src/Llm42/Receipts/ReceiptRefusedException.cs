namespace Llm42.Receipts;

/// <summary>
/// A receipt cannot be made of this answer, or not be replayed by this engine, because nothing would follow from the
/// result.
/// </summary>
/// <param name="message">Why, with both values where two differ.</param>
public sealed class ReceiptRefusedException(string message) : Exception(message);
