namespace Llm42.Receipts;

/// <summary>A receipt cannot be read, or contradicts itself.</summary>
/// <param name="message">What is wrong with it.</param>
/// <param name="innerException">The cause, if another exception is.</param>
public sealed class ReceiptFormatException(string message, Exception? innerException = null) : Exception(message, innerException);
