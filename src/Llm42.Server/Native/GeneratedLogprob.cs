using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llm42.Server.Native;

/// <summary>
/// A token of an answer, as the published system writes it: [log-probability, token id], and the token's text behind
/// them where that was asked for.
/// </summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct GeneratedLogprob(float Logprob, int TokenId, string? Text)
{
    internal sealed class Converter : JsonConverter<GeneratedLogprob>
    {
        public override GeneratedLogprob Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            throw new NotSupportedException("The server only writes log-probabilities.");

        public override void Write(Utf8JsonWriter writer, GeneratedLogprob value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();

            // As a double, with all the digits of one: whoever reads doubles has the float's bits.
            writer.WriteNumberValue((double)value.Logprob);
            writer.WriteNumberValue(value.TokenId);
            if (value.Text is not null)
                writer.WriteStringValue(value.Text);
            writer.WriteEndArray();
        }
    }
}
