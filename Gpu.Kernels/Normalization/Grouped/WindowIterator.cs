using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Normalization;

/// <summary>
/// The way through the 2x2 windows of images by equal steps, without a division a step: where the windows of all images, row by row, are numbered, a step is so
/// many images, rows and columns, and each of the latter two carries over at most once.
/// </summary>
internal struct WindowIterator
{
    /// <summary>Rows and columns of windows of an image.</summary>
    public int Height, Width;

    /// <summary>Words of an image, of two of its rows and of two pixels.</summary>
    public int ImageWords, RowsWords, ColumnsWords;

    /// <summary>Rows and columns of a step, less than an image has, and its words.</summary>
    public int StepRows, StepColumns, StepWords;

    /// <summary>Words that a step is longer where the columns carry over into the rows, and where these do into the images.</summary>
    public int RowCarry, ImageCarry;

    /// <summary>Steps of so many windows through a pooling's input.</summary>
    public static WindowIterator For(Pool2dShape shape, int windows)
    {
        var rows = windows / shape.OutputWidth;
        var images = rows / shape.OutputHeight;
        var steps = new WindowIterator
        {
            Height = shape.OutputHeight,
            Width = shape.OutputWidth,
            ImageWords = shape.InputHeight * shape.InputWidth * shape.Channels,
            RowsWords = 2 * shape.InputWidth * shape.Channels,
            ColumnsWords = 2 * shape.Channels,
            StepRows = rows - images * shape.OutputHeight,
            StepColumns = windows - rows * shape.OutputWidth,
        };
        // A step may be longer than the batch, and than what an integer holds; it is not taken then.
        steps.StepWords = unchecked(images * steps.ImageWords + steps.StepRows * steps.RowsWords + steps.StepColumns * steps.ColumnsWords);
        steps.RowCarry = steps.RowsWords - steps.Width * steps.ColumnsWords;
        steps.ImageCarry = steps.ImageWords - steps.Height * steps.RowsWords;
        return steps;
    }

    /// <summary>The place of a window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly WindowPosition Start(int window, int channel)
    {
        var rows = window / Width;
        var image = rows / Height;
        var place = new WindowPosition { Row = rows - image * Height, Column = window - rows * Width };
        place.Index = image * ImageWords + place.Row * RowsWords + place.Column * ColumnsWords + channel;
        return place;
    }

    /// <summary>The place a step further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly WindowPosition Next(WindowPosition place)
    {
        // Carries by all bits or none: ILGPU would take what a branch chooses for the same in all threads.
        place.Column += StepColumns;
        var carry = (Width - 1 - place.Column) >> 31;
        place.Column -= Width & carry;
        place.Row += StepRows - carry;
        place.Index += StepWords + (RowCarry & carry);
        carry = (Height - 1 - place.Row) >> 31;
        place.Row -= Height & carry;
        place.Index += ImageCarry & carry;
        return place;
    }
}

/// <summary>A window: its row and column in the image, and the first word of a vector of its upper left pixel.</summary>
internal struct WindowPosition
{
    public int Row, Column, Index;
}
