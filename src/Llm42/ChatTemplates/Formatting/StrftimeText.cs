using System.Globalization;
using System.Text;
using Llm42.ChatTemplates.Evaluation;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>strftime() in the C locale, which is the one that a template may count on.</summary>
internal static class StrftimeText
{
    public static string Format(string format, DateTimeOffset time, Budget budget)
    {
        budget.AllocateText(format.Length * 8L);
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            char flag = format[i + 1] is '-' or '_' or '0' or '^' && i + 2 < format.Length ? format[++i] : '\0';
            text.Append(Field(format[++i], flag, time));
        }

        return text.ToString();
    }

    private static string Field(char field, char flag, DateTimeOffset time) => field switch
    {
        'a' => Cased(Abbreviated(time.DayOfWeek.ToString()), flag),
        'A' => Cased(time.DayOfWeek.ToString(), flag),
        'b' or 'h' => Cased(CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedMonthName(time.Month), flag),
        'B' => Cased(CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(time.Month), flag),
        'c' => $"{Field('a', flag, time)} {Field('b', flag, time)} {Field('e', '\0', time)} {Field('T', '\0', time)} {Field('Y', '\0', time)}",
        'C' => Number(time.Year / 100, 2, '0', flag),
        'd' => Number(time.Day, 2, '0', flag),
        'D' or 'x' => $"{time.Month:00}/{time.Day:00}/{time.Year % 100:00}",
        'e' => Number(time.Day, 2, ' ', flag),
        'f' => string.Create(CultureInfo.InvariantCulture, $"{time.Ticks % TimeSpan.TicksPerSecond / 10:000000}"),
        'F' => $"{Field('Y', '\0', time)}-{time.Month:00}-{time.Day:00}",
        'g' => Number(ISOWeek.GetYear(time.DateTime) % 100, 2, '0', flag),
        'G' => Number(ISOWeek.GetYear(time.DateTime), 1, '0', flag),
        'H' => Number(time.Hour, 2, '0', flag),
        'I' => Number(TwelveHours(time), 2, '0', flag),
        'j' => Number(time.DayOfYear, 3, '0', flag),
        'k' => Number(time.Hour, 2, ' ', flag),
        'l' => Number(TwelveHours(time), 2, ' ', flag),
        'm' => Number(time.Month, 2, '0', flag),
        'M' => Number(time.Minute, 2, '0', flag),
        'n' => "\n",
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'r' => $"{TwelveHours(time):00}:{time.Minute:00}:{time.Second:00} {Field('p', '\0', time)}",
        'R' => $"{time.Hour:00}:{time.Minute:00}",
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        'S' => Number(time.Second, 2, '0', flag),
        't' => "\t",
        'T' or 'X' => $"{time.Hour:00}:{time.Minute:00}:{time.Second:00}",
        'u' => Number(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek, 1, '0', flag),
        'U' => Number((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2, '0', flag),
        'V' => Number(ISOWeek.GetWeekOfYear(time.DateTime), 2, '0', flag),
        'w' => Number((int)time.DayOfWeek, 1, '0', flag),
        'W' => Number((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7, 2, '0', flag),
        'y' => Number(time.Year % 100, 2, '0', flag),
        'Y' => Number(time.Year, 1, '0', flag),
        // The reference's clock tells no time zone.
        'z' or 'Z' => "",
        '%' => "%",
        _ => throw new TemplateError($"strftime_now has no field %{field}"),
    };

    private static string Abbreviated(string day) => day[..3];

    private static string Cased(string text, char flag) => flag == '^' ? text.ToUpperInvariant() : text;

    private static int TwelveHours(DateTimeOffset time) => time.Hour % 12 == 0 ? 12 : time.Hour % 12;

    private static string Number(int value, int width, char padding, char flag)
    {
        string digits = value.ToString(CultureInfo.InvariantCulture);
        return flag switch
        {
            '-' => digits,
            '_' => digits.PadLeft(width, ' '),
            '0' => digits.PadLeft(width, '0'),
            _ => digits.PadLeft(width, padding),
        };
    }
}
