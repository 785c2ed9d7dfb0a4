namespace Llm42.Native.Tests.OperatorTests;

/// <summary>A query row: which sequence it belongs to and at which position.</summary>
internal readonly record struct AttentionRow(int Sequence, int Position);
