using System.Text.Encodings.Web;
using System.Text.Json;

namespace Llm42.Receipts;

/// <summary>The JSON of receipts.</summary>
internal static class ReceiptJson
{
    /// <summary>Text is written as text: receipts are read by people, and not by browsers.</summary>
    public static ReceiptJsonContext Standard { get; } = new(
        new JsonSerializerOptions(ReceiptJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
