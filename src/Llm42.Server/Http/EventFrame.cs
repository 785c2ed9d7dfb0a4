using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Llm42.Server.Http;

/// <summary>What the events of a response share: the JSON around the one choice of each, made once.</summary>
/// <param name="Before">What stands before the choice.</param>
/// <param name="After">What stands behind it.</param>
internal sealed record EventFrame(ReadOnlyMemory<byte> Before, ReadOnlyMemory<byte> After)
{
    private static ReadOnlySpan<byte> NoChoices => "[]}"u8;

    /// <summary>Nothing.</summary>
    public static EventFrame None { get; } = new(default, default);

    /// <summary>Makes a frame.</summary>
    /// <param name="empty">An event without choices, and with nothing behind them.</param>
    /// <param name="type">How it is written.</param>
    public static EventFrame Of<T>(T empty, JsonTypeInfo<T> type)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(empty, type);
        if (!json.AsSpan().EndsWith(NoChoices))
            throw new ArgumentException("The event does not end with an empty list of choices.", nameof(empty));
        var choice = json.Length - NoChoices.Length + 1;
        return new EventFrame(json.AsMemory(0, choice), json.AsMemory(choice));
    }
}
