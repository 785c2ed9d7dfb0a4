namespace Llm42.StructuredOutput.Schemas;

/// <summary>The types of JSON values.</summary>
[Flags]
internal enum SchemaTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    String = 4,
    Integer = 8,

    /// <summary>Any number, integers included.</summary>
    Number = 16,
    Array = 32,
    Object = 64,
    Any = Null | Boolean | String | Number | Array | Object,
}
