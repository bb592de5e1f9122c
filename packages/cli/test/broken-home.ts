throw new Error('the heating is broken');
